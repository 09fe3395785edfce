// Pictures beside the time: what was shown, receptive field, plateaus, answers.

const card = (id) => {
  const [caption, note] = [document.querySelector(`#${id} figcaption`), document.querySelector(`#${id} .note`)];
  return { element: find(id), canvas: document.querySelector(`#${id} canvas`), caption, note };
};

/** The input of a presentation: as it was shown, else as its input neurons fired; null if neither is known. */
async function inputOf({ presentations, run }, i) {
  const image = await parts.get(`image/${presentations.kind[i]}/${presentations.image[i]}`);
  if (image) return { values: image.value, note: "" };
  const spikes = await parts.get("spikes/0");
  if (!spikes) return null;
  const [first, last] = [lower(spikes.time, presentations.start[i]), lower(spikes.time, endOf(presentations, i))];
  const counts = new Float32Array(run.populations[0].size);
  for (let k = first; k < last; k++) counts[spikes.neuron[k]]++;
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  return { values: counts.map((count) => count / most), note: "as its input neurons fired" };
}

const shownCard = {
  ...card("shown"),
  now: -1,

  /** Shows the presentation on at a time. */
  async at(view, time) {
    const i = presentationAt(view.presentations, time);
    if (i < 0 || i === this.now) return;
    this.now = i;
    const { presentations } = view;
    const [label, decoded] = [presentations.label[i], presentations.decoded[i]];
    this.caption.textContent = label < 0 ? `Answered ${decoded}` : `Shown ${label}, answered ${decoded}`;
    const input = await inputOf(view, i);
    if (this.now !== i) return;
    const kind = presentations.kind[i] ? "test" : "training";
    this.note.textContent = `${kind} presentation ${grouped.format(presentations.index[i])}, image ${grouped.format(presentations.image[i])}`;
    this.canvas.hidden = !input;
    if (!input) return;
    if (input.note) this.note.textContent += `, ${input.note}`;
    picture(this.canvas, input.values, columnsOf(input.values.length), 170, ["text", "text"]);
  },
};

const fieldCard = {
  ...card("field"),
  chosen: "final",

  async show(view) {
    const { population, neuron, run } = view;
    const onto = run.projections.map((p, place) => ({ ...p, place })).filter((p) => p.to === population.place);
    const projection = onto.find((p) => p.from < p.to) ?? onto[0];
    const field = projection && (await parts.get(`field/${projection.place}/${neuron}`));
    if (view.population !== population || view.neuron !== neuron) return;
    this.element.hidden = !field;
    if (!field) return;
    const snapshots = ["initial", "final"].filter((name) => field[name]);
    this.element.hidden = !snapshots.length;
    if (!snapshots.length) return;
    const weights = field[this.chosen] ?? field[snapshots[0]];
    const reach = weights.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
    const from = run.populations[projection.from].name;
    this.caption.textContent = `Weights onto ${population.name} ${neuron}`;
    this.note.textContent = `from ${from}, −${label(reach, 0.001)} (blue) to ${label(reach, 0.001)} (orange)`;
    picture(this.canvas, weights.map((w) => w / reach), columnsOf(weights.length), 170, ["cold", "warm"]);
    this.choices(view, snapshots);
  },

  choices(view, snapshots) {
    const button = (name) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      made.setAttribute("aria-pressed", String(name === this.chosen));
      made.addEventListener("click", () => { this.chosen = name; this.show(view); });
      return made;
    };
    this.element.querySelector(".choice").replaceChildren(...(snapshots.length > 1 ? snapshots.map(button) : []));
  },
};

const plateauCard = {
  ...card("plateaus"),

  /** Distribution of the plateaus in the window, of all neurons that have some. */
  async draw(view) {
    const place = view.run.populations.findIndex((p) => p.plateaus && p.name === view.population.name);
    const first = place < 0 ? view.run.populations.findIndex((p) => p.plateaus) : place;
    const plateaus = first < 0 ? null : await parts.get(`plateaus/${first}`);
    this.element.hidden = !plateaus;
    if (!plateaus) return;
    const [start, end] = [lower(plateaus.time, view.from + 1e-6), lower(plateaus.time, view.to + 1e-6)];
    const { low, step, bins } = binsOf(plateaus.alpha.subarray(start, end));
    const shares = [new Float64Array(bins), new Float64Array(bins)], of = [0, 0];
    for (let i = start; i < end; i++) of[plateaus.phase[i]]++;
    for (let i = start; i < end; i++) {
      const bin = Math.min(bins - 1, Math.max(0, Math.floor((plateaus.alpha[i] - low) / step)));
      shares[plateaus.phase[i]][bin] += 100 / of[plateaus.phase[i]];
    }
    this.caption.textContent = `Plateaus of ${view.run.populations[first].name}`;
    this.note.textContent = `${grouped.format(end - start)} in the window: forward phases filled, target phases outlined`;
    this.paint(shares, { low, step, bins });
  },

  /** Shares of the plateaus of each phase [%] in equal bins, from 0 to the largest. */
  paint(shares, { low, step, bins }) {
    const { context, width, height } = sized(this.canvas);
    const [left, right, top, bottom] = [6, width - 6, 18, height - 18];
    const most = Math.max(1e-9, ...shares[0], ...shares[1]);
    const x = (bin) => left + (bin / bins) * (right - left), y = (share) => bottom - (share / most) * (bottom - top);
    context.fillStyle = ink("grey");
    shares[0].forEach((share, i) => context.fillRect(x(i), y(share), (right - left) / bins, bottom - y(share)));
    context.strokeStyle = ink("blue");
    context.lineWidth = 1.8;
    context.beginPath();
    shares[1].forEach((share, i) => { context.lineTo(x(i), y(share)); context.lineTo(x(i + 1), y(share)); });
    context.stroke();
    context.fillRect(left, bottom, right - left, 1);
    context.setLineDash([2, 3]);
    context.lineWidth = 1;
    context.strokeStyle = ink("grey");
    context.strokeRect(left, top, right - left, 0);
    context.setLineDash([]);
    context.textAlign = "left";
    context.fillText(`${label(most, most < 10 ? 0.1 : 1)} % of a phase`, left, top - 5);
    const ends = [label(low, step), "plateau α", label(low + bins * step, step)];
    ["left", "center", "right"].forEach((align, i) => {
      context.textAlign = align;
      context.fillText(ends[i], left + (i / 2) * (right - left), height - 4);
    });
  },
};

/** Bins of round width, 20 to 50 of them where values differ, that span all values. */
function binsOf(values) {
  const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 0]);
  if (least >= most) return { low: 0, step: 0.025, bins: 40 };
  const { step } = ticks(least, most, 50);
  const low = Math.floor(least / step + 1e-9) * step;
  return { low, step, bins: Math.max(1, Math.ceil((most - low) / step - 1e-9)) };
}

const confusionCard = {
  ...card("confusion"),

  draw({ run }) {
    const { of, counts } = run.confusion;
    const total = counts.flat().reduce((a, b) => a + b, 0);
    this.element.hidden = !total;
    if (!total) return;
    const wrong = total - counts.reduce((sum, row, i) => sum + row[i], 0);
    this.caption.textContent = `Answers to ${of} images`;
    this.note.textContent = `${grouped.format(total)} answers, ${label((100 * wrong) / total, 0.01)} % wrong; rows are labels, columns answers`;
    const table = document.createElement("table");
    const cell = (row, kind, text) => { const made = row.appendChild(document.createElement(kind)); made.textContent = text; return made; };
    const head = table.insertRow();
    cell(head, "th", "");
    counts.forEach((_, i) => cell(head, "th", i));
    counts.forEach((row, i) => {
      const line = table.insertRow(), all = row.reduce((a, b) => a + b, 0) || 1;
      cell(line, "th", i);
      row.forEach((count, k) => {
        const made = cell(line, "td", count || "");
        const colour = blend(Math.sqrt(count / all), i === k ? "blue" : "vermillion");
        made.style.background = `rgb(${colour})`;
        made.style.color = 0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2] > 130 ? "#141414" : "#f5f5f5";
      });
    });
    this.element.querySelector(".scroll").replaceChildren(table);
  },
};
