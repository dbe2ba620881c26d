/* Runs in the page: draws the charts in the colours of the theme, and switches it. */
const root = document.documentElement;
const charts = [...document.querySelectorAll('pre.mermaid')].map((element) => ({
  element,
  source: element.textContent,
}));

async function draw() {
  const dark = root.dataset.theme === 'dark';
  mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'default', securityLevel: 'strict' });
  root.dataset.drawn = 'no';
  for (const [at, { element, source }] of charts.entries()) {
    const { svg } = await mermaid.render(`chart-${at}-${dark}`, source, element);
    element.innerHTML = svg;
    element.dataset.processed = 'true';
  }
  root.dataset.drawn = 'yes';
}

function setTheme(theme) {
  root.dataset.theme = theme;
  return draw();
}

const wanted = matchMedia('(prefers-color-scheme: dark)');
document.querySelector('#theme').addEventListener('click', () => {
  void setTheme(root.dataset.theme === 'dark' ? 'light' : 'dark');
});
void setTheme(wanted.matches ? 'dark' : 'light');
