// What is looked at, and how it changes: all else is drawn from `view`.

const view = {
  run: null,
  presentations: null,
  population: null,
  spikes: null,
  events: null,
  neuron: 0,
  /** The window of time [ms] and the neurons in sight. */
  from: 0, to: 1, low: 0, high: 1,
  /** From the first to the last presentation [ms]. */
  whole: [0, 1],
  /** Unbroken stretches of presentations: start and end of each [ms]. */
  stretches: [[0, 1]],
};

/** Presentations in sight at first. */
const FIRST = 8;

let pending = 0;

/** Draws all that depends on the window, once a frame. */
function redraw() {
  pending ||= requestAnimationFrame(() => {
    pending = 0;
    raster.draw(view);
    overview.draw(view);
    traces.redraw(view);
    plateauCard.draw(view);
    find("window").textContent = `${label(view.from, 0.1)} to ${label(view.to, 0.1)} ms`;
    document.body.dataset.window = `${view.from} ${view.to} ${view.low} ${view.high}`;
  });
}

/** Looks at a window of time, as long as is asked for and within the run. */
function choose(from, to) {
  const [first, last] = view.whole;
  const length = Math.min(last - first, Math.max(0.5, to - from));
  view.from = Math.min(last - length, Math.max(first, from));
  view.to = view.from + length;
  redraw();
}

/** Looks at the whole stretch in which the window begins; at the whole run if it is that already. */
function chooseWhole() {
  const stretch = view.stretches.findLast(([from]) => from <= view.from + 1e-6) ?? view.whole;
  const there = Math.abs(view.from - stretch[0]) < 1e-6 && Math.abs(view.to - stretch[1]) < 1e-6;
  choose(...(there ? view.whole : stretch));
}

/** Looks at neurons, whole ones and within the population. */
function chooseNeurons(low, high) {
  const size = view.population.size;
  const count = Math.min(size, Math.max(Math.min(size, 5), Math.round(high - low)));
  view.low = Math.min(size - count, Math.max(0, Math.round(low)));
  view.high = view.low + count;
  redraw();
}

function zoom(factor, time = (view.from + view.to) / 2) {
  choose(time - (time - view.from) * factor, time + (view.to - time) * factor);
}

function zoomNeurons(factor, neuron) {
  chooseNeurons(neuron - (neuron - view.low) * factor, neuron + (view.high - neuron) * factor);
}

/** Chooses a neuron: its traces, its weights. */
async function select(neuron) {
  view.neuron = Math.min(view.population.size - 1, Math.max(0, neuron));
  document.body.dataset.neuron = `${view.population.name} ${view.neuron}`;
  redraw();
  await Promise.all([traces.show(view), fieldCard.show(view)]);
}

async function selectPopulation(place) {
  const population = view.run.populations[place];
  const [spikes, events] = await Promise.all(["spikes", "events"].map((name) => population[name] ? parts.get(`${name}/${place}`) : null));
  Object.assign(view, { population, spikes, events, low: 0, high: population.size });
  for (const [i, button] of [...find("populations").children].entries()) button.setAttribute("aria-pressed", String(i === place));
  const short = spikes && spikes.meta.total > spikes.time.length;
  complain(short ? `The first ${grouped.format(spikes.time.length)} of ${grouped.format(spikes.meta.total)} spikes are shown; apical view --presentations A:B chooses others.` : "");
}

function complain(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
}

/** Says what the run is, and takes the window of time from its presentations. */
async function load() {
  const [about, shown] = await Promise.all([parts.get("run"), parts.get("presentations")]);
  Object.assign(view, { run: about.meta, presentations: shown });
  const { run, presentations } = view;
  const count = presentations?.start.length ?? 0;
  if (count) {
    view.whole = [presentations.start[0], endOf(presentations, count - 1)];
    view.stretches = stretchesOf(presentations);
  }
  find("whole").textContent = view.stretches.length > 1 ? "whole stretch" : "whole run";
  document.title = `${run.name} – apical`;
  find("name").textContent = run.name;
  const sizes = run.populations.map((p) => p.size).join("-");
  find("about").textContent = [run.file, sizes, `seed ${run.seed}`].filter(Boolean).join(" · ");
  find("about").title = run.command ?? "";
  run.populations.forEach((population, place) => { population.place = place; });
  return count;
}

function buttons() {
  find("populations").replaceChildren(...view.run.populations.map(({ name, size }, place) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${name} (${grouped.format(size)})` });
    button.addEventListener("click", async () => { await selectPopulation(place); await select(0); });
    return button;
  }));
}

/** A pointer over the raster or the traces: where it is, what spike is near, what was shown then. */
function hover(event, over) {
  const place = raster.at(view, event) ?? (over && { time: over, neuron: -1 });
  const [tip, cross] = [find("tip"), find("cross")];
  if (!place) return leave();
  const frame = raster.frame();
  const left = frame.left + ((place.time - view.from) / (view.to - view.from)) * frame.width;
  Object.assign(cross.style, { visibility: "visible", left: `${left}px` });
  traces.chart?.setCursor({ left: left - LEFT, top: 10 }, false);
  if (!view.run.continuous) shownCard.at(view, place.time);
  const spike = raster.nearest(view, place);
  const i = presentationAt(view.presentations, spike?.time ?? place.time);
  tip.hidden = over !== undefined;
  tip.textContent = [
    spike ? `neuron ${spike.neuron}, spike at ${label(spike.time, 0.01)} ms` : `neuron ${place.neuron}, ${label(place.time, 0.1)} ms`,
    i < 0 || view.run.continuous ? "" : `presentation ${grouped.format(view.presentations.index[i])}`,
    ...raster.eventsAt(view, spike ?? place),
  ].filter(Boolean).join(", ");
  const box = raster.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  tip.style.left = `${Math.min(x + 12, box.width - tip.offsetWidth - 2)}px`;
  tip.style.top = `${y + 34 > box.height ? y - 34 : y + 12}px`;
}

function leave() {
  find("tip").hidden = true;
  find("cross").style.visibility = "hidden";
}

/** Drags pan, a click without a drag chooses. */
function listenToRaster() {
  const { canvas } = raster;
  canvas.addEventListener("pointerdown", (event) => {
    const before = { ...view }, frame = raster.frame();
    let moved = false;
    canvas.setPointerCapture(event.pointerId);
    const drag = (later) => {
      const [dx, dy] = [later.clientX - event.clientX, later.clientY - event.clientY];
      moved ||= Math.abs(dx) + Math.abs(dy) > 4;
      if (!moved) return;
      canvas.classList.add("held");
      const [ms, ids] = [(before.to - before.from) / frame.width, (before.high - before.low) / frame.height];
      choose(before.from - dx * ms, before.to - dx * ms);
      if (before.high - before.low < view.population.size) chooseNeurons(before.low + dy * ids, before.high + dy * ids);
    };
    canvas.addEventListener("pointermove", drag);
    canvas.addEventListener("pointerup", (end) => {
      canvas.removeEventListener("pointermove", drag);
      canvas.classList.remove("held");
      const place = !moved && raster.at(view, end);
      if (place) select(raster.nearest(view, place)?.neuron ?? place.neuron);
    }, { once: true });
  });
  canvas.addEventListener("pointermove", (event) => hover(event));
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("dblclick", chooseWhole);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const place = raster.at(view, event);
    const factor = 1.0015 ** (event.deltaY || event.deltaX);
    if (event.shiftKey) zoomNeurons(factor, place?.neuron ?? (view.low + view.high) / 2);
    else zoom(factor, place?.time);
  }, { passive: false });
}

function listenToTraces() {
  const time = (event) => {
    const box = traces.element.getBoundingClientRect();
    return view.from + ((event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT)) * (view.to - view.from);
  };
  traces.element.addEventListener("pointermove", (event) => {
    const at = time(event);
    if (at >= view.from && at <= view.to) hover(event, at);
    const moved = (event.movementX / raster.frame().width) * (view.to - view.from);
    if (event.buttons === 1) choose(view.from - moved, view.to - moved);
  });
  traces.element.addEventListener("pointerleave", leave);
  traces.element.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(1.0015 ** (event.deltaY || event.deltaX), time(event));
  }, { passive: false });
}

/** Moves the window by a share of its length, over a gap between stretches at once. */
function pan(share) {
  const length = view.to - view.from, [from, to] = [view.from + share * length, view.to + share * length];
  if (view.stretches.some(([start, end]) => start < to && end > from)) return choose(from, to);
  const next = share > 0 ? view.stretches.find(([start]) => start >= to) : view.stretches.findLast(([, end]) => end <= from);
  if (next) choose(...(share > 0 ? [next[0], next[0] + length] : [next[1] - length, next[1]]));
}

const KEYS = {
  ArrowLeft: () => pan(-0.2),
  ArrowRight: () => pan(0.2),
  ArrowUp: () => select(view.neuron + 1),
  ArrowDown: () => select(view.neuron - 1),
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: chooseWhole,
};

function listen() {
  listenToRaster();
  listenToTraces();
  overview.listen(view, choose);
  find("whole").addEventListener("click", chooseWhole);
  find("in").addEventListener("click", () => zoom(0.5));
  find("out").addEventListener("click", () => zoom(2));
  raster.canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  find("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
  let width = 0;
  new ResizeObserver(() => {
    if (width !== (width = document.body.clientWidth)) theme(document.documentElement.dataset.theme);
  }).observe(document.body);
}

/** Takes a theme and draws everything anew. */
function theme(name) {
  document.documentElement.dataset.theme = name;
  if (!view.population) return;
  redraw();
  if (traces.record) { traces.explain(view); traces.build(view); }
  learning.draw(view);
  confusionCard.draw(view);
  fieldCard.show(view);
  shownCard.now = -1;
  shownCard.at(view, view.from + 1e-3);
}

/** The population to begin with: the first that has plateaus, else spikes. */
function foremost({ populations }) {
  const place = populations.findIndex((p) => p.spikes && p.plateaus);
  return place >= 0 ? place : Math.max(0, populations.findIndex((p) => p.spikes));
}

async function start() {
  theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  await parts.open();
  const presentations = await load();
  const count = view.run.populations.some((p) => p.spikes || p.traces || p.plateaus) ? presentations : 0;
  buttons();
  if (view.run.live) return follow.start();
  learning.draw(view);
  confusionCard.draw(view);
  find("time").hidden = !count;
  for (const id of ["shown", "field", "plateaus"]) find(id).hidden = !count || (view.run.continuous && id !== "field");
  if (!count) return complain("Nothing was recorded of the presentations of this run: apical train … --record all keeps spikes, plateaus and traces.");
  await selectPopulation(foremost(view.run));
  const [from] = view.stretches.at(-1);
  choose(from, endOf(view.presentations, Math.min(count, lower(view.presentations.start, from) + FIRST) - 1));
  listen();
  raster.draw(view);
  performance.mark("first view");
  document.body.dataset.ready = "true";
  await Promise.all([select(0), shownCard.at(view, view.from + 1e-3)]);
}

addEventListener("unhandledrejection", (event) => complain(`${event.reason?.message ?? event.reason}`));
start();
