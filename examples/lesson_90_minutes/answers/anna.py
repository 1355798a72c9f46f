m = x.shape[1]
delta4 = z4 - y
delta3 = (W3.T @ delta4) * (1 - h3**2)
delta2 = (W2.T @ delta3) * (1 - h2**2)
dW3 = delta4 @ h3.T / m
dW2 = delta3 @ h2.T / m
dW1 = delta2 @ x.T / m
db1 = delta2.mean(axis=1, keepdims=True)
