"""The core, for one sitting: what an operation is, what a Tensor records, how gradients come back.

Read `op`, `tensor` and `backward`; `recording` holds the switches and `graph` the walks. Python's
operators, NumPy's protocols and the operations themselves are installed from outside.
"""
