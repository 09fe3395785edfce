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
    const bins = 40, counts = [new Uint32Array(bins), new Uint32Array(bins)];
    const [start, end] = [lower(plateaus.time, view.from + 1e-6), lower(plateaus.time, view.to + 1e-6)];
    for (let i = start; i < end; i++) counts[plateaus.phase[i]][Math.min(bins - 1, (plateaus.alpha[i] * bins) | 0)]++;
    this.caption.textContent = `Plateaus of ${view.run.populations[first].name}`;
    this.note.textContent = `${grouped.format(end - start)} in the window: forward phases filled, target phases outlined`;
    this.paint(counts, bins);
  },

  paint(counts, bins) {
    const { context, width, height } = sized(this.canvas);
    const [left, right, bottom] = [6, width - 6, height - 18];
    const most = Math.max(1, ...counts[0], ...counts[1]);
    const x = (bin) => left + (bin / bins) * (right - left), y = (count) => bottom - (count / most) * (bottom - 6);
    context.fillStyle = ink("grey");
    counts[0].forEach((count, i) => context.fillRect(x(i), y(count), (right - left) / bins, bottom - y(count)));
    context.strokeStyle = ink("blue");
    context.lineWidth = 1.8;
    context.beginPath();
    counts[1].forEach((count, i) => { context.lineTo(x(i), y(count)); context.lineTo(x(i + 1), y(count)); });
    context.stroke();
    context.fillRect(left, bottom, right - left, 1);
    ["left", "center", "right"].forEach((align, i) => {
      context.textAlign = align;
      context.fillText(["0", "plateau α", "1"][i], left + (i / 2) * (right - left), height - 4);
    });
  },
};

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
