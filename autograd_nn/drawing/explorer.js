// The page: steps, questions, numbers that follow, and two views of the graph. What stands before
// it says where it is (`root`), whether it is dark there (`night`), and who hears of `changed`.
const steps = data.steps, el = (id) => root.querySelector("#" + id);
const all = (what, where = root) => [...where.querySelectorAll(what)];
let at = 0, leaves = { ...start }, costs = [], values, rest;
function compute() { [values, rest] = program(leaves); }
const mistakes = () => { if (typeof rest === "function") rest = rest(); return rest; };  // what wrong answers would be
compute();
const settled = new Set(), points = { got: 0, of: 0 };  // what has been answered or shown
let hints = 0, tries = 0;

// -- numbers as the rest of the page writes them -------------------------------------------------
function shown(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  if (x === 0) return "0";
  let [digits, power] = x.toExponential(3).split("e");
  power = Number(power);
  const plain = power < -4 || power >= 4
    ? Number(digits) + "e" + (power < 0 ? "-" : "+") + String(Math.abs(power)).padStart(2, "0")
    : String(Number(x.toPrecision(4)));
  return plain.replaceAll("-", "−");
}
const brief = (x) => (shown(x).length > 8 ? shown(Number(x.toPrecision(2))) : shown(x));
const rows = (a) => (a.s.length === 2 ? a.s : [1, a.d.length]);
const small = (a) => a.s.length < 3 && rows(a)[0] <= 5 && rows(a)[1] <= 5;
function spread(a) {
  let low = Infinity, high = -Infinity, sum = 0;
  for (const x of a.d) { low = Math.min(low, x); high = Math.max(high, x); sum += x; }
  return [low, high, sum / a.d.length];
}
function markup(a, signed) {
  if (a.d.length === 1) return signed && a.d[0] < 0 ? `(${shown(a.d[0])})` : shown(a.d[0]);
  if (!small(a)) {
    const [low, high, mean] = spread(a).map(shown);
    return `<span class="large">(${a.s.join(" × ")}: ${low} … ${high}, mean ${mean})</span>`;
  }
  const [n, m] = rows(a), line = (i) => [...a.d.subarray(i * m, (i + 1) * m)];
  const cells = Array.from({ length: n }, (_, i) => line(i).map((x) => `<td>${shown(x)}</td>`).join(""));
  return `<table class="m">${cells.map((row) => `<tr>${row}</tr>`).join("")}</table>`;
}
const BLUE = [0, 114, 178], ORANGE = [213, 94, 0];
function tint(x, most, into = [], start = 0) {  // blue below zero, white, orange above
  const t = most > 0 && Number.isFinite(x) ? Math.max(-1, Math.min(1, x / most)) : 0, to = t < 0 ? BLUE : ORANGE;
  for (let c = 0; c < 3; c++) into[start + c] = Math.round(255 + (to[c] - 255) * Math.abs(t));
  return into;
}
const colour = (x, most) => `rgb(${tint(x, most).join(",")})`;
const largest = (a) => a.d.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
function heat(a, wide, tall, pick = null) {  // a picture of a matrix; of one column of pixels, square
  let [n, m] = a.s.length === 2 ? a.s : pick === null ? [1, a.d.length] : [a.d.length, 1];
  const column = pick !== null, side = Math.sqrt(n), step = column ? m : 1, first = column ? pick : 0;
  if (column) { n = m = side; }
  const canvas = document.createElement("canvas"), most = largest(a);
  canvas.width = m; canvas.height = n;
  const size = Math.max(1, Math.min(wide / m, tall / n, 16));
  canvas.style.width = `${m * size}px`; canvas.style.height = `${n * size}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", column ? `column ${pick + 1} as ${n} × ${n} pixels` : `heat map, ${n} × ${m}`);
  const pen = canvas.getContext("2d"), dots = pen.createImageData(m, n);
  for (let i = 0; i < n * m; i++) {
    tint(a.d[first + i * step], most, dots.data, 4 * i);
    dots.data[4 * i + 3] = 255;
  }
  pen.putImageData(dots, 0, 0);
  return canvas;
}
const pixels = (a) => a.s.length > 0 && a.s[0] >= 16 && Number.isInteger(Math.sqrt(a.s[0]));
function refill(where, tall = 120) {
  all("[data-v]", where).forEach((span) => {
    const a = values[span.dataset.v];
    span.innerHTML = markup(a, span.classList.contains("signed"));
    if (!small(a)) span.append(heat(a, span.closest(".formula") ? 160 : 220, span.closest(".why") ? 32 : tall));
  });
}

// -- the two views -------------------------------------------------------------------------------
const NS = "http://www.w3.org/2000/svg";
function draw(kind, attributes, parent, text) {
  const made = document.createElementNS(NS, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}
all("g.node").forEach((g) => {
  g.querySelectorAll('polygon[fill="#fefefe"]').forEach((p) => p.classList.add("slot"));
  g.setAttribute("role", "button"); g.setAttribute("tabindex", "-1");
  g.style.cursor = "pointer";
  g.addEventListener("click", () => visit(g.id));
  all("title", g).forEach((title) => title.remove());
  all("a", g).forEach((a) => { a.setAttribute("tabindex", "-1"); a.removeAttribute("xlink:title"); });
});
const filled = new Map();
// measured once, before anything is written: then the page is laid out once
const slots = new Map(all("g.node").map((g) => [g, all("polygon.slot", g).map((p) => p.getBBox())]));
function fill(g, known, slope) {  // the value and the gradient inside a node, unless they stand there
  const [before, ...was] = filled.get(g) ?? [];
  if (before === values && was[0] === known && was[1] === slope) return;
  filled.set(g, [values, known, slope]);
  g.querySelector(".slots")?.remove();
  const node = data.nodes[g.id], places = slots.get(g);
  if (!node || places.length < 2) return;
  const group = draw("g", { class: "slots" }, g);
  [[known, node.value, ""], [slope, node.gradient, "gradient"]].forEach(([on, slot, kind], k) => {
    if (!on || slot === null) return;
    const a = values[slot], box = places[k], part = draw("g", { class: kind }, group);
    const [n, m] = rows(a.s.length === 1 ? array([1, a.s[0]], a.d) : a);
    if (n <= 5 && m <= 3 && a.s.length < 3) {
      a.d.forEach((x, i) => draw("text", {
        x: box.x + (box.width * (i % m + 1)) / m - 3, y: box.y + (box.height * (Math.floor(i / m) + 0.78)) / n,
      }, part, brief(x)));
    } else {
      const picture = draw("image", { x: box.x, y: box.y, width: box.width, height: box.height,
        preserveAspectRatio: "none", style: "image-rendering:pixelated" }, part);
      picture.setAttribute("href", heat(a, 1, 1).toDataURL());
    }
  });
}
let zoom = 1;
const picture = root.querySelector(".drawn svg"), whole = picture.getAttribute("viewBox");
function scale(by) {
  zoom = Math.max(0.1, Math.min(4, by));
  const box = picture.viewBox.baseVal;
  picture.setAttribute("width", box.width * zoom); picture.setAttribute("height", box.height * zoom);
}
function fit(least = 0.8) {  // the whole graph, but not smaller than can be read
  const box = picture.viewBox.baseVal, space = el("graph");
  const room = Math.min((space.clientWidth - 20) / box.width, (space.clientHeight - 20) / box.height, 1.5);
  scale(Math.max(room, Math.min(least, (space.clientWidth - 20) / box.width)));
}

// -- folding: the frame of a layer shrinks to the last node in it, and the rest moves up ---------
const mapped = (text, [x, y]) => { let i = 0; return text.replace(/-?[\d.]+/g, (n) => (i++ % 2 ? y : x)(Number(n)).toFixed(2)); };
const boxOf = (g) => { const { x, y, width, height } = g.getBBox(); return { x, y, w: width, h: height }; };
const around = (b) => ({ x: b.x - 8, y: b.y - 22, w: b.w + 16, h: b.h + 30 });
const drawn = all("g.node").map((g) => ({ g, box: boxOf(g) }));
const frames = all("g.cluster").sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true })).map((g, k) => {
  const path = g.querySelector("path");
  return { g, path, d: path.getAttribute("d"), box: boxOf(g), label: g.querySelector("text"), ...data.groups[k], shut: false };
});
const edges = all("g.edge").map((g) => {
  const [tail, head] = g.querySelector("title").textContent.split("->"), [path, tip] = g.querySelectorAll("path, polygon");
  return { g, tail, head, path, tip, d: path.getAttribute("d"), points: tip.getAttribute("points"), text: g.querySelector("text") };
});
const frameOf = new Map(frames.flatMap((f) => f.nodes.map((id) => [id, f])));
const stand = (id) => (frameOf.get(id)?.shut ? frameOf.get(id).last : id);  // the node that is seen in its place
function squeeze(spans, most) {  // a map of coordinates: spans keep their length, room between them is cut
  const joined = [], knots = [];
  for (const [a, b] of spans.sort((p, q) => p[0] - q[0])) {
    if (joined.length && a <= joined.at(-1)[1]) joined.at(-1)[1] = Math.max(joined.at(-1)[1], b); else joined.push([a, b]);
  }
  let to = joined[0][0];
  joined.forEach(([a, b], i) => {
    if (i) to += Math.min(a - joined[i - 1][1], most);
    knots.push([a, to], [b, to += b - a]);
  });
  return (x) => {
    const i = knots.findIndex(([from]) => from >= x), [a, p] = knots.at(i < 1 ? i : i - 1), [b, q] = knots.at(i);
    return i < 1 || a === b ? x + p - a : p + ((x - a) * (q - p)) / (b - a);
  };
}
function routed(a, b) {  // an edge between two boxes: its path and the arrow's tip
  const across = b.y < a.y + a.h && a.y < b.y + b.h, [at, length, beside, wide] = across ? ["x", "w", "y", "h"] : ["y", "h", "x", "w"];
  const on = a[at] < b[at], from = on ? a[at] + a[length] : a[at], to = on ? b[at] : b[at] + b[length], way = on ? 1 : -1;
  const inside = (box, x) => Math.max(box[beside] + 10, Math.min(box[beside] + box[wide] - 10, x));
  const start = inside(a, b[beside] + b[wide] / 2), end = inside(b, start), middle = (from + to) / 2;
  const point = (along, side) => (across ? [along, side] : [side, along]).map((x) => x.toFixed(2)).join(",");
  const tip = [[to, end], [to - 7 * way, end - 2.5], [to - 7 * way, end + 2.5]].map((p) => point(...p));
  return [`M${point(from, start)}C${point(middle, start)} ${point(middle, end)} ${point(to - 7 * way, end)}`, tip.join(" ")];
}
function arrange() {
  const seen = drawn.filter(({ g }) => stand(g.id) === g.id), any = frames.some((f) => f.shut);
  const boxes = new Map(seen.map(({ g, box }) => [g.id, frameOf.get(g.id)?.shut ? around(box) : box]));
  const taken = [...boxes.values(), ...frames.filter((f) => !f.shut).flatMap(({ box: { x, y, w, h } }) => [{ x, y, w, h: 20 }, { x, y: y + h - 8, w, h: 8 }])];
  const over = squeeze(taken.map((b) => [b.x, b.x + b.w]), any ? 24 : Infinity);
  const down = squeeze(taken.map((b) => [b.y, b.y + b.h]), any ? 36 : Infinity);
  const put = (b) => ({ ...b, x: over(b.x), y: down(b.y) });
  const shift = (g, b) => g?.setAttribute("transform", `translate(${over(b.x) - b.x} ${down(b.y) - b.y})`);
  drawn.forEach(({ g, box }) => { g.style.display = boxes.has(g.id) ? "" : "none"; shift(g, boxes.get(g.id) ?? box); });
  frames.forEach((f) => {
    const b = boxes.get(f.last);
    f.path.setAttribute("d", f.shut ? `M${over(b.x)} ${down(b.y)}h${b.w}v${b.h}h${-b.w}z` : mapped(f.d, [over, down]));
    const own = { x: Number(f.label.getAttribute("x")), y: Number(f.label.getAttribute("y")) };
    if (f.shut) f.label.setAttribute("transform", `translate(${over(b.x) + 6 - own.x} ${down(b.y) + 14 - own.y})`); else shift(f.label, own);
    f.g.classList.toggle("shut", f.shut); f.g.setAttribute("aria-expanded", !f.shut);
  });
  edges.forEach((e) => {
    const [tail, head] = [e.tail, e.head].map(stand), own = !frameOf.get(tail)?.shut && !frameOf.get(head)?.shut;
    e.g.style.display = tail === head ? "none" : "";
    if (e.text) e.text.style.display = own ? "" : "none";
    const [d, points] = own ? [mapped(e.d, [over, down]), e.points] : routed(put(boxes.get(tail)), put(boxes.get(head)));
    e.path.setAttribute("d", d); e.tip.setAttribute("points", points);
    [e.tip, e.text].forEach((part) => (own ? shift(part, boxes.get(head)) : part?.removeAttribute("transform")));
  });
  const { e: dx, f: dy } = picture.querySelector("g.graph").transform.baseVal.consolidate().matrix;
  const ends = [...boxes.values(), ...frames.filter((f) => !f.shut).map((f) => f.box)].map((b) => [over(b.x), down(b.y), over(b.x + b.w), down(b.y + b.h)]);
  const [x, y] = [0, 1].map((k) => Math.min(...ends.map((b) => b[k])) - 8), [r, s] = [2, 3].map((k) => Math.max(...ends.map((b) => b[k])) + 8);
  picture.setAttribute("viewBox", any ? `${x + dx} ${y + dy} ${r - x} ${s - y}` : whole);
}
function fold(some, on) {
  some.forEach((f) => { f.shut = on ?? !f.shut; });
  arrange(); fit(); show(at);
}
frames.forEach((f) => {
  const toggle = (event) => { event.stopPropagation(); fold([f]); };
  for (const [key, value] of [["role", "button"], ["tabindex", "0"], ["aria-label", f.label.textContent]]) f.g.setAttribute(key, value);
  f.g.addEventListener("click", toggle);
  f.g.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(event); } });
});
el("fold").hidden = !frames.length;
el("fold").addEventListener("click", () => fold(frames, !frames.every((f) => f.shut)));
el("in").addEventListener("click", () => scale(zoom * 1.25));
el("out").addEventListener("click", () => scale(zoom / 1.25));
el("fit").addEventListener("click", () => fit(0));
window.addEventListener("resize", () => { fit(); show(at); });

function network(reached) {  // the layers: circles for the nodes of a layer, lines for weights
  const root = el("network"), layers = data.layers, most = 9;
  if (!layers.length) return;
  root.hidden = false;
  root.replaceChildren();
  const columns = [layers[0].from, ...layers.map((l) => l.h ?? l.z)].map((id) => ({ id, a: values[data.nodes[id].value] }));
  const W = 100 * columns.length, H = 150, picture = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "the layers" }, root);
  const step = steps[at], now = new Set(step.nodes), x = (l) => 50 + 100 * l;
  const count = (a) => Math.min(a.s[0] ?? 1, most), y = (a, i) => 22 + ((i + 0.5) * (H - 40)) / count(a);
  layers.forEach((layer, l) => {
    const w = values[data.nodes[layer.W].value], [from, to] = [columns[l].a, columns[l + 1].a];
    const lit = [layer.W, layer.z, layer.b].some((id) => now.has(id)), most = largest(w) || 1;
    const many = count(to) * count(from) > 30, [thin, thick] = many ? [0, 1.4] : [0.4, 2.5];
    const ends = { x1: x(l) + 17, x2: x(l + 1) - 15 }, back = step.pass === "backward" && lit ? { "marker-start": 'url("#back-arrow")' } : {};
    for (let i = 0; i < count(to); i++) for (let j = 0; j < count(from); j++) {
      const weight = Math.abs(w.d[i * w.s[1] + j]) / most;
      draw("line", { class: `link${lit ? " now" : ""}`, ...ends, y1: y(from, j), y2: y(to, i), "stroke-width": thin + thick * weight, ...(many ? {} : back) }, picture);
    }
    if (many && lit) draw("line", { class: "link now", ...ends, y1: H - 8, y2: H - 8, "stroke-width": 2.5, ...back }, picture);
  });
  columns.forEach(({ id, a }, l) => {
    const lit = now.has(id) || (l && now.has(layers[l - 1].z)), hidden = (a.s[0] ?? 1) - count(a);
    draw("text", { x: x(l), y: 12 }, picture, data.nodes[id].name + (hidden ? `, ${count(a)} of ${a.s[0]}` : ""));
    for (let i = 0; i < count(a); i++) {
      const known = reached.has(id), value = a.d[i * (a.s[1] ?? 1)], r = Math.min(14, (H - 44) / count(a) / 2);
      const unit = draw("circle", { class: `unit${lit ? " now" : ""}`, cx: x(l), cy: y(a, i), r, fill: known ? colour(value, largest(a)) : "#ffffff" }, picture);
      unit.addEventListener("click", () => visit(id));
      if (known && r > 10) draw("text", { x: x(l), y: y(a, i) + 4, class: "inside" }, picture, shown(Number(value.toPrecision(2))));
    }
  });
}

// -- steps ---------------------------------------------------------------------------------------
const open = (step) => el("ask").value && step.question && !settled.has(steps.indexOf(step));
function show(number) {
  const moved = number !== at;
  at = Math.max(0, Math.min(steps.length - 1, number));
  const step = steps[at];
  if (moved) hints = tries = 0;
  el("page").classList.toggle("backward", step.pass === "backward");
  el("step").innerHTML = step.html;
  refill(el("step"));
  all(".result", el("step")).forEach(expandable);
  all(".formula", el("step")).forEach((part) => {  // may be wider than there is room: to be scrolled by keys
    part.tabIndex = 0; part.setAttribute("role", "group"); part.setAttribute("aria-label", "formula");
  });
  const known = new Set(), sloped = new Set(), lines = [], asking = open(step);
  steps.slice(0, at + 1).forEach((earlier, i) => {
    if (earlier.pass === "forward") earlier.nodes.forEach((id) => known.add(id));
    else if (i < at || !asking) earlier.nodes.forEach((id) => sloped.add(id));
    if (earlier.pass === step.pass && !(i === at && asking)) {
      earlier.results.forEach((row) => lines.push([row, i === at]));
    }
  });
  el("so-far-title").textContent = step.pass === "backward" ? "Gradients so far" : "Values so far";
  el("so-far").innerHTML = lines.reverse().map(([row, fresh]) =>
    `<tr${fresh ? ' class="new"' : ""}><td>${row[0]}</td><td>${row[1]}</td></tr>`).join("");
  refill(el("so-far"), 48);
  pictures(step);
  const now = new Set(step.nodes.map(stand));
  drawn.forEach(({ g }) => {
    g.classList.toggle("later", !known.has(g.id));
    g.classList.toggle("now", now.has(g.id));
    fill(g, known.has(g.id), sloped.has(g.id));
  });
  edges.forEach(({ g }) => g.classList.toggle("now", step.edges.includes(g.id)));
  el("fold").setAttribute("aria-pressed", frames.every((f) => f.shut));
  network(known);
  ask();
  el("slider").value = at;
  el("slider").setAttribute("aria-valuetext", el("step").querySelector("h1").textContent);
  el("first").disabled = el("back").disabled = at === 0;
  el("last").disabled = el("next").disabled = at === steps.length - 1;
  if (step.nodes.length === 1 && el("follow").checked) follow(el(stand(step.nodes[0])));
  changed();
}
function follow(g) {  // to the middle of the room that there is
  const space = el("graph"), [a, b] = [g, space].map((x) => x.getBoundingClientRect());
  space.scrollBy(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
}
function visit(id) {
  const there = (step) => step.nodes.includes(id), pass = steps[at].pass;
  let found = steps.findIndex((step) => step.pass === pass && there(step));
  if (found < 0) found = steps.findIndex(there);
  if (found >= 0) show(found);
}
function pictures(step) {  // columns of pixels, as pictures
  const id = step.nodes.length === 1 ? step.nodes[0] : data.layers[0]?.from, node = data.nodes[id];
  const a = node && values[node.value];
  if (!a || !pixels(a) || id !== data.layers[0]?.from) return;
  const line = document.createElement("p");
  line.textContent = `${node.name}, column by column: `;
  for (let i = 0; i < Math.min(rows(a)[1], 10); i++) line.append(heat(a, 48, 48, a.s.length === 2 ? i : 0));
  el("step").append(line);
}
// A product of matrices: which row and column an entry of the result comes from.
function factorsAt(line) {
  const spans = all("[data-v]", line.previousElementSibling ?? line);
  if (steps[at].pass !== "forward" || !line.classList.contains("result") || spans.length !== 2) return null;
  const [A, B] = spans.map((span) => values[span.dataset.v]);
  return A.s.length !== 2 || A.s[1] !== B.s[0] || B.s.length > 2 ? null : [A, B];
}
function expand(line, [A, B], row, column) {
  const m = B.s[1] ?? 1, signed = (x) => (x < 0 ? `(${shown(x)})` : shown(x)), entry = values[line.querySelector("[data-v]").dataset.v].d[row * m + column];
  const terms = Array.from({ length: A.s[1] }, (_, t) => `${signed(A.d[row * A.s[1] + t])} · ${signed(B.d[t * m + column])}`);
  if (terms.length > 8) terms.splice(4, terms.length - 6, `… (${terms.length} products)`);
  const said = el("step").querySelector(".product") ?? document.createElement("div");
  said.className = "product";
  said.textContent = `row ${row + 1} × column ${column + 1}: ${terms.join(" + ")} = ${shown(entry)}`;
  line.after(said);
}
function expandable(line) {
  const factors = factorsAt(line);
  if (!factors) return;
  all("td", line).forEach((cell) => {
    const [row, column] = [cell.parentElement.rowIndex, cell.cellIndex], button = document.createElement("button");
    button.type = "button"; button.textContent = cell.textContent;
    button.setAttribute("aria-label", `row ${row + 1} times column ${column + 1}`);
    button.addEventListener("click", () => expand(line, factors, row, column));
    cell.replaceChildren(button);
  });
  all("canvas", line).forEach((canvas) => {
    const inside = (x, size, n) => Math.min(n - 1, Math.max(0, Math.floor((x / size) * n)));
    canvas.style.cursor = "crosshair"; canvas.title = "row × column of a place";
    canvas.addEventListener("click", ({ offsetX: x, offsetY: y }) => expand(line, factors,
      inside(y, canvas.clientHeight, canvas.height), inside(x, canvas.clientWidth, canvas.width)));
  });
}

// -- predict, then reveal ------------------------------------------------------------------------
function ask() {
  const form = el("asking"), step = steps[at], question = step.question, hide = ["why", "words", "numbers", "result"];
  const asking = open(step);
  form.hidden = !asking;
  hide.forEach((part, i) => el("step").classList.toggle("hide-" + part, Boolean(asking) && i >= hints));
  if (!asking) { form.replaceChildren(); return; }
  const name = el("step").querySelector("h1").lastChild.textContent.trim(), where = question.where.length ? ` in entry [${question.where.join(", ")}]` : "";
  const more = hints < 3 ? `<button type="button" id="hint">hint ${hints + 1} of 3</button>` : "";
  // a number can be worked out only where all that it is made of can be read
  const number = el("ask").value === "number" && all("[data-v]", el("step")).every((span) => small(values[span.dataset.v]));
  const field = number
    ? `<p><label>What is <b></b>${where}? <input id="answer" inputmode="text" autocomplete="off"></label> <button>check</button></p>`
    : "<p>Which formula gives <b></b>?</p><div id='options'></div>";
  form.innerHTML = `${field}<p id="verdict" role="status"></p><p>${more} <button type="button" id="reveal">show it</button></p>`;
  form.querySelector("b").textContent = name;
  el("hint")?.addEventListener("click", () => { hints++; ask(); });
  el("reveal").addEventListener("click", () => settle(0));
  if (!number) choices(question);
}
function choices(question) {
  const kinds = new Set();
  const wrong = question.wrong.filter(([, kind]) => !kinds.has(kind) && kinds.add(kind)).slice(0, 3);
  const offered = [[null, "", question.formula], ...wrong], turned = (at * 7) % offered.length;
  [...offered.slice(turned), ...offered.slice(0, turned)].forEach(([slot, kind, formula]) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = formula;
    button.addEventListener("click", () => (slot === null ? settle(4) : refuse(`No: ${kind}.`)));
    el("options").append(button);
  });
}
function settle(most) {
  settled.add(at);
  points.of += 4; points.got += Math.max(0, most - hints - tries);
  el("score").textContent = `${points.got} of ${points.of} points`;
  const said = most ? "Right." : "";
  show(at);
  if (said) { el("asking").hidden = false; el("asking").innerHTML = `<p class="good" role="status">${said}</p>`; }
}
function refuse(words) {
  tries++;
  el("verdict").className = "bad"; el("verdict").textContent = words;
}
// What an answer is: right, a mistake of the catalogue, or neither.
function judged(typed, question, node) {
  const text = typed.trim().replace("−", "-").replace(",", "."), answer = Number(text);
  if (!text || !Number.isFinite(answer)) return { words: "Type a number, such as −0.25." };
  const near = (x) => Math.abs(answer - x) <= 0.005 * Math.abs(x) + 1e-12;
  const right = values[node.gradient].d[question.entry];
  if (near(right)) return { right: true };
  const made = question.wrong.map(([slot, kind, formula]) => ({ x: mistakes()[slot].d[question.entry], kind, formula }));
  const [found] = made.filter(({ x }) => near(x)).sort((a, b) => Math.abs(answer - a.x) - Math.abs(answer - b.x));
  if (found) return { kind: found.kind, words: `That is what comes out with the mistake “${found.kind}”: ${found.formula}.` };
  return { words: "Not right, and no mistake that is known here. Try a hint." };
}
el("asking").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!el("answer")) return;
  const { right, words } = judged(el("answer").value, steps[at].question, data.nodes[steps[at].nodes[0]]);
  if (right) settle(4); else refuse(words);
});
el("ask").addEventListener("change", () => show(at));

// -- change, and descend -------------------------------------------------------------------------
function renew() {
  compute();
  show(at); edit(false); curve();
}
const cost = () => values[data.nodes[data.cost].value].d[0];
function set(id, i, x) {
  if (!Number.isFinite(x)) return;
  const a = leaves[id], d = a.d.slice();
  d[i] = x;
  leaves = { ...leaves, [id]: array(a.s, d) };
  compute();
  show(at); curve();
}
function edit(fresh = true) {
  const id = el("leaf").value, a = leaves[id];
  if (!a) return;
  const [n, m] = rows(a), few = small(a);
  el("at-label").hidden = few;
  el("entry").max = a.d.length;
  const spots = few ? [...a.d.keys()] : [Math.min(a.d.length, Math.max(1, Math.round(el("entry").value) || 1)) - 1];
  if (fresh) {
    const place = (i) => `row ${Math.floor(i / m) + 1}, column ${i % m + 1}`;
    const cell = (i) => `<td><input type="number" step="any" data-i="${i}"></td>`;
    el("editor").innerHTML = `<table><tbody>${few
      ? Array.from({ length: n }, (_, r) => `<tr>${spots.slice(r * m, r * m + m).map(cell).join("")}</tr>`).join("")
      : `<tr>${cell(spots[0])}<td>${place(spots[0])}</td></tr>`}</tbody></table>`;
    all("input", el("editor")).forEach((box) => {
      box.setAttribute("aria-label", `${data.nodes[id].name}, ${place(Number(box.dataset.i))}`);
      draggable(box);
    });
  }
  all("input", el("editor")).forEach((box) => { if (box !== root.activeElement || fresh) box.value = Number(a.d[box.dataset.i].toPrecision(5)); });
}
function draggable(box) {  // typed, or dragged from side to side
  const change = (x) => set(el("leaf").value, Number(box.dataset.i), x);
  box.addEventListener("input", () => { if (box.value !== "") change(Number(box.value)); });
  box.addEventListener("pointerdown", (event) => {
    const from = event.clientX, value = Number(box.value), unit = Math.max(Math.abs(value), 1) / 200;
    const move = (e) => {
      if (Math.abs(e.clientX - from) < 3) return;
      box.value = Number((value + (e.clientX - from) * unit).toPrecision(4)); change(Number(box.value));
    };
    const up = () => { document.removeEventListener("pointermove", move); document.removeEventListener("pointerup", up); };
    document.addEventListener("pointermove", move); document.addEventListener("pointerup", up);
  });
}
function curve() {
  const line = [...costs, cost()].filter(Number.isFinite), low = Math.min(...line), high = Math.max(...line), picture = el("curve");
  const spot = (c, i) => `${10 + (280 * i) / Math.max(1, line.length - 1)},${80 - (65 * (c - low)) / (high - low || 1)}`;
  picture.replaceChildren();
  draw("polyline", { points: line.map(spot).join(" "), "vector-effect": "non-scaling-stroke" }, picture);
  picture.toggleAttribute("hidden", !costs.length);
  el("told").textContent = `${data.nodes[data.cost].name} = ${shown(cost())}` + (costs.length ? ` after ${costs.length} steps of descent` : "");
}
function descend() {
  const rate = Number(el("rate").value), next = { ...leaves };
  costs.push(cost());
  data.trained.forEach((id) => {
    const g = values[data.nodes[id].gradient];
    next[id] = map((w, d) => w - rate * d, leaves[id], g);
  });
  leaves = next;
  renew();
}
el("descend").addEventListener("click", descend);
el("reset").addEventListener("click", () => { leaves = { ...start }; costs = []; renew(); });
const parameters = new Set(data.trained);
el("leaf").innerHTML = Object.keys(start).sort((a, b) => parameters.has(b) - parameters.has(a)).map((id) => `<option value="${id}"></option>`).join("");
all("option", el("leaf")).forEach((option) => { option.textContent = data.nodes[option.value].name; });
el("leaf").addEventListener("change", () => edit());
el("entry").addEventListener("input", () => edit());
el("descend").disabled = !data.trained.some((id) => data.nodes[id].gradient !== null);
el("note").textContent = "Type a number, or drag it from side to side." + (data.why ? ` What is not in the list stays as it is (${data.why}).` : "");
if (!Object.keys(start).length) {
  all("#change .bar, #curve").forEach((part) => { part.hidden = true; });
  el("note").textContent = `The numbers of this page stay as they are (${data.why || "nothing in the graph can be changed"}).`;
}

// -- moving --------------------------------------------------------------------------------------
const onward = () => { if (open(steps[at])) settle(0); else show(at + 1); };
el("slider").max = steps.length - 1;
el("slider").addEventListener("input", (event) => show(Number(event.target.value)));
el("first").addEventListener("click", () => show(0));
el("back").addEventListener("click", () => show(at - 1));
el("next").addEventListener("click", onward);
el("last").addEventListener("click", () => show(steps.length - 1));
const turn = steps.findIndex((step) => step.pass === "backward");
const moves = {
  ArrowRight: onward, ArrowDown: onward, " ": onward, ArrowLeft: () => show(at - 1),
  ArrowUp: () => show(at - 1), Home: () => show(0), End: () => show(steps.length - 1), b: () => show(turn),
};
root.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in moves)) return;
  if (event.target.matches?.("input:not([type=range]), select, summary") || (event.key === " " && event.target.tagName === "BUTTON")) return;
  event.preventDefault();
  moves[event.key]();
});
el("page").classList.toggle("dark", night);
el("ask").value = data.ask ? "number" : "";
edit();
curve();
fit();
