// The module of a widget: what stands around the page's script in a notebook.
export default { render({ model, el: place }) {
place.style.height = `${model.get("height")}px`;
const host = document.createElement("div"), root = host.attachShadow({ mode: "open" });
host.style.height = "100%"; host.tabIndex = -1; place.append(host);
root.innerHTML = model.get("markup");
const light = document.body.dataset.jpThemeLight;  // of JupyterLab, which has themes of its own
const night = light ? light === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
const changed = () => {
  model.set("step", at);
  const named = Object.entries(leaves).map(([id, a]) => [data.nodes[id].name, [...a.d]]);
  model.set("values", Object.fromEntries(named));
  model.save_changes();
};
__SCRIPT__
show(model.get("step"));
model.on("change:step", () => { if (model.get("step") !== at) show(model.get("step")); });
} };
