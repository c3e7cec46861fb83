// Draws every chart in its place; marks the page when all stand, or with what went wrong.
const { config, specs } = JSON.parse(document.getElementById("charts").textContent);
config.axis.labelLimit = innerWidth < 600 ? 110 : 220; // Pixels.
const drawn = Object.entries(specs).map(([name, spec]) =>
  vegaEmbed(`#${CSS.escape(name)} .vega`, spec, {
    config, actions: false, ast: true, defaultStyle: false, renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  }));
Promise.all(drawn).then(
  () => { document.body.dataset.charts = "drawn"; },
  (error) => { document.body.dataset.charts = `failed: ${error}`; });
// What is folded away is printed too.
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
