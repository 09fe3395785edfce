// Potentials, plateaus and spikes of the chosen neuron, on the raster's axis of time.

const COMPARTMENTS = { soma: "text", basal: "blue", dendrite: "blue", apical: "vermillion" };

/** The mean apical potential that makes a plateau, as far as single precision tells. */
function logit(alpha) {
  const kept = Math.min(1 - 1e-7, Math.max(1e-7, alpha));
  return Math.log(kept / (1 - kept));
}

/** What was recorded of a neuron: {times, potentials: [[name, values]], plateaus: [{from, to, height}], spikes}; its events are those of the view. */
async function recordOf(view, population, neuron) {
  const [traces, plateaus] = await Promise.all([
    population.traces ? parts.get(`traces/${population.place}/${neuron}`) : null,
    population.plateaus ? parts.get(`plateaus/${population.place}`) : null,
  ]);
  const names = traces?.meta.elements ?? [];
  const count = traces?.[0]?.length ?? 0;
  const times = count ? timesOf(traces.meta) : [];
  const spikes = [];
  view.spikes?.neuron.forEach((id, i) => { if (id === neuron) spikes.push(view.spikes.time[i]); });
  return { times, potentials: count ? names.map((name, i) => [name, broken(traces[i], traces.meta)]) : [], plateaus: levels(view, plateaus, neuron), spikes };
}

/** Times of samples, stretch by stretch, with one more after each stretch but the last. */
function timesOf({ stretches, dt_ms }) {
  const after = stretches.map(([, samples], i) => samples + (i + 1 < stretches.length));
  return stretches.flatMap(([start], k) => Array.from({ length: after[k] }, (_, i) => start + i * dt_ms));
}

/** Samples with null after each stretch but the last, where a line is to be broken. */
function broken(values, { stretches }) {
  let first = 0;
  return stretches.flatMap(([, samples], i) => {
    const own = Array.from(values.subarray(first, (first += samples)));
    return i + 1 < stretches.length ? [...own, null] : own;
  });
}

/** Plateaus of a neuron with the time over which each was averaged. */
function levels({ presentations, run }, plateaus, neuron) {
  const found = [];
  plateaus?.neuron.forEach((id, k) => {
    if (id !== neuron) return;
    const to = plateaus.time[k], target = plateaus.phase[k];
    const i = presentationAt(presentations, to - 1e-6);
    if (i < 0) return;
    const from = (target ? presentations.forward_end[i] : presentations.start[i]) + run.settle_ms[target];
    found.push({ from, to, height: logit(plateaus.alpha[k]) });
  });
  return found;
}

const traces = {
  element: find("traces"),
  chart: null,
  record: null,

  async show(view) {
    const { population, neuron } = view;
    const record = await recordOf(view, population, neuron);
    // Another may have been chosen meanwhile.
    if (view.population !== population || view.neuron !== neuron) return;
    this.record = record;
    find("neuron").textContent = `${population.name} ${neuron}`;
    this.explain(view);
    this.build(view);
  },

  /** Says what each colour is, and what is missing. */
  explain(view) {
    const { population, run } = view;
    const { potentials, plateaus, spikes } = this.record;
    const entries = potentials.map(([name]) => [name, COMPARTMENTS[name]]);
    if (plateaus.length) entries.push(["plateau (mean apical)", "green"]);
    entries.push([`${grouped.format(spikes.length)} spikes`, "grey"]);
    explain(find("legend"), entries);
    explain(find("events"), drawnKinds(view.events).map((kind) => EVENTS[kind]), "area");
    if (!potentials.length && !run.live) find("legend").append(`No potentials of ${population.name} were recorded.`);
  },

  build(view) {
    this.chart?.destroy();
    this.chart = null;
    const { times, potentials, plateaus } = this.record;
    if (!potentials.length && !plateaus.length) return;
    const data = potentials.length ? [times, ...potentials.map(([, values]) => values)] : [[view.from, view.to], [null, null]];
    const named = potentials.length ? potentials : [["plateau"]];
    const [grey, line] = [ink("grey"), ink("line")];
    const axis = { stroke: grey, font: "12px system-ui, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
    this.chart = new uPlot({
      width: this.element.clientWidth,
      height: 240,
      padding: [8, RIGHT, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => this.range(view, low, high) } },
      axes: [
        { ...axis, label: "time (ms)", labelFont: axis.font, labelSize: 18, size: 26, space: 110, values: (u, at) => at.map((t) => this.tick(u, t, at[1] - at[0] || 1)) },
        { ...axis, label: "potential", labelFont: axis.font, labelSize: 18, size: LEFT - 18 },
      ],
      series: [{}, ...named.map(([name]) => ({ label: name, stroke: ink(COMPARTMENTS[name] ?? "green"), width: 1.2, points: { show: false } }))],
      hooks: { drawClear: [(u) => this.shade(u, view)], draw: [(u) => this.marks(u, view)] },
    }, data, this.element);
    this.redraw(view);
  },

  /** The label of a time, unless the right edge would cut it. */
  tick(u, time, step) {
    const text = label(time, step);
    u.ctx.font = "12px system-ui, sans-serif";
    const right = u.valToPos(time, "x") + u.ctx.measureText(text).width / 2;
    return right > u.bbox.width / uPlot.pxRatio + RIGHT ? "" : text;
  },

  redraw(view) {
    this.chart?.setScale("x", { min: view.from, max: view.to });
  },

  /** Room for potentials and plateaus in sight, and a strip of spikes above them. */
  range({ from, to }, low, high) {
    const heights = this.record.plateaus.filter((level) => level.to >= from && level.from <= to).map((level) => level.height);
    const [least, most] = [Math.min(low ?? Infinity, ...heights), Math.max(high ?? -Infinity, ...heights)];
    if (least > most) return [-1, 1];
    const span = Math.max(most - least, 0.5);
    return [least - 0.06 * span, most + 0.2 * span];
  },

  shade(u, view) {
    const { left, top, width, height } = u.bbox;
    u.ctx.fillStyle = ink("panel");
    u.ctx.fillRect(left, top, width, height);
    const x = (time) => u.valToPos(time, "x", true);
    if (!view.run.continuous) shadePhases(u.ctx, view.presentations, [view.from, view.to], x, top, height);
    if (!view.events) return;
    u.ctx.save();
    u.ctx.globalAlpha = 0.25;
    // Bursts are seen from the spikes.
    for (const kind of drawnKinds(view.events).filter((kind) => kind !== "burst")) {
      eachEvent(u.ctx, view.events, kind, [view.from, view.to], (i) => {
        if (view.events.neuron[i] !== view.neuron) return;
        const [from, to] = [Math.max(left, x(view.events.start[i])), Math.min(left + width, x(view.events.stop[i]))];
        u.ctx.fillRect(from, top, Math.max(1, to - from), height);
      });
    }
    u.ctx.restore();
  },

  marks(u, { from, to }) {
    const { ctx, bbox } = u;
    const fine = uPlot.pxRatio;
    const x = (time) => u.valToPos(time, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = ctx.strokeStyle = ink("green");
    ctx.lineWidth = 3 * fine;
    for (const level of this.record.plateaus.filter((l) => l.to >= from && l.from <= to)) {
      const y = u.valToPos(level.height, "y", true);
      ctx.beginPath();
      ctx.moveTo(x(level.from), y);
      ctx.lineTo(x(level.to), y);
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(x(level.to), y, 3.5 * fine, 0, 7);
      ctx.fill();
    }
    ctx.fillStyle = ink("grey");
    const { spikes } = this.record;
    for (let i = lower(spikes, from); i < spikes.length && spikes[i] <= to; i++) {
      ctx.fillRect(x(spikes[i]) - fine / 2, bbox.top + 3 * fine, 1.5 * fine, 14 * fine);
    }
    ctx.restore();
  },
};
