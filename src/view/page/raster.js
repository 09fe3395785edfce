// The raster: spikes are counted per pixel, so that a million cost no more than the pixels they fall on; behind them are events.

/** Room above for presentations and below for the axis [px]. */
const TOP = 24, BOTTOM = 26;

/** Below so many spikes in sight a mark is twice as wide. */
const FEW = 6000;

const raster = {
  canvas: find("raster"),
  layer: document.createElement("canvas"),

  /** Where the spikes are drawn, in the pixels of the page. */
  frame() {
    const { width, height } = this.canvas.getBoundingClientRect();
    return { left: LEFT, top: TOP, width: Math.max(1, width - LEFT - RIGHT), height: Math.max(1, height - TOP - BOTTOM) };
  },

  draw(view) {
    performance.mark("redraw");
    const { context, fine } = sized(this.canvas);
    const frame = this.frame();
    const x = (time) => frame.left + ((time - view.from) / (view.to - view.from)) * frame.width;
    context.fillStyle = ink("panel");
    context.fillRect(frame.left, frame.top, frame.width, frame.height);
    if (!view.run.continuous) shadePhases(context, view.presentations, [view.from, view.to], x, frame.top, frame.height);
    if (view.events) this.events(context, view, frame, x);
    if (view.spikes) this.spikes(context, view, frame, fine);
    this.choice(context, view, frame);
    this.axes(context, view, frame, x);
    performance.measure("raster", "redraw");
  },

  /** A bar for each event in the row of its neuron, kinds one below the other. */
  events(context, { events, from, to, low, high }, frame, x) {
    const each = frame.height / (high - low), bottom = frame.top + frame.height;
    const kinds = drawnKinds(events);
    context.globalAlpha = 0.5;
    kinds.forEach((kind, place) => eachEvent(context, events, kind, [from, to], (i) => {
      const row = events.neuron[i] - low;
      if (row < 0 || row >= high - low) return;
      const [left, right] = [Math.max(frame.left, x(events.start[i])), Math.min(frame.left + frame.width, x(events.stop[i]))];
      const top = bottom - (row + 0.95 - (0.9 * place) / kinds.length) * each;
      context.fillRect(left, top, Math.max(1, right - left), Math.max(1, (0.9 * each) / kinds.length));
    }));
    context.globalAlpha = 1;
  },

  spikes(context, { spikes, from, to, low, high }, frame, fine) {
    const [w, h] = [Math.round(frame.width * fine), Math.round(frame.height * fine)];
    const rows = Math.min(high - low, h);
    const counts = new Uint16Array(w * rows);
    const { time, neuron } = spikes;
    const [first, last] = [lower(time, from), lower(time, to)];
    const [across, up] = [w / (to - from), rows / (high - low)];
    const wide = last - first < FEW ? Math.max(2, Math.round(2 * fine)) : 1;
    let most = 1;
    for (let i = first; i < last; i++) {
      const id = neuron[i];
      if (id < low || id >= high) continue;
      const column = ((time[i] - from) * across) | 0;
      const place = (((id - low) * up) | 0) * w + column;
      for (let k = 0; k < wide && column + k < w; k++) {
        const count = ++counts[place + k];
        if (count > most) most = count;
      }
    }
    this.paint(counts, w, h, rows, most);
    context.drawImage(this.layer, frame.left, frame.top, frame.width, frame.height);
  },

  /** Counts as a picture, neuron 0 below; one spike is seen well, many are darker. */
  paint(counts, w, h, rows, most) {
    if (this.layer.width !== w || this.layer.height !== h) Object.assign(this.layer, { width: w, height: h });
    const context = this.layer.getContext("2d");
    const image = context.createImageData(w, h);
    const pixels = new Uint32Array(image.data.buffer);
    const [r, g, b] = rgb(ink("text"));
    const shades = Uint32Array.from({ length: most + 1 }, (_, count) => {
      const share = most > 2 ? 0.45 + (0.55 * Math.log(count)) / Math.log(most) : 0.9;
      return count ? ((Math.round(255 * share) << 24) | (b << 16) | (g << 8) | r) >>> 0 : 0;
    });
    const gap = h / rows >= 4 ? Math.max(1, Math.round(h / rows / 8)) : 0;
    for (let row = 0; row < rows; row++) {
      const [top, bottom] = [h - Math.round(((row + 1) * h) / rows) + gap, h - Math.round((row * h) / rows)];
      for (let y = top; y < bottom; y++) {
        for (let x = 0, from = row * w, to = y * w; x < w; x++) pixels[to + x] = shades[counts[from + x]];
      }
    }
    context.putImageData(image, 0, 0);
  },

  /** Marks the chosen neuron at the left. */
  choice(context, { neuron, low, high }, frame) {
    if (neuron < low || neuron >= high) return;
    const each = frame.height / (high - low);
    const top = frame.top + frame.height - (neuron - low + 1) * each;
    context.fillStyle = ink("vermillion");
    context.globalAlpha = 0.16;
    context.fillRect(frame.left, top, frame.width, Math.max(1.5, each));
    context.globalAlpha = 1;
    context.fillRect(frame.left - 5, top, 5, Math.max(2, each));
  },

  axes(context, view, frame, x) {
    const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
    context.fillStyle = ink("grey");
    context.textAlign = "center";
    const { found, step } = ticks(view.from, view.to, frame.width / 110);
    for (const time of found) {
      context.fillRect(x(time), bottom, 1, 5);
      const text = label(time, step);
      const half = context.measureText(text).width / 2;
      if (x(time) + half <= right + RIGHT) context.fillText(text, x(time), bottom + 18);
    }
    context.textAlign = "right";
    const each = frame.height / (view.high - view.low);
    const rows = ticks(view.low, view.high - 1, frame.height / 40);
    for (const id of rows.found.filter(Number.isInteger)) {
      context.fillText(grouped.format(id), frame.left - 9, bottom - (id - view.low + 0.5) * each + 4);
    }
    context.save();
    context.translate(12, frame.top + frame.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText("neuron", 0, 0);
    context.restore();
    this.captions(context, view, frame, x);
  },

  /** Above each presentation what was shown and answered, where there is room. */
  captions(context, { presentations, from, to, run }, frame, x) {
    if (run.continuous) return;
    context.textAlign = "center";
    for (let i = Math.max(0, lower(presentations.start, from) - 1); i < presentations.start.length; i++) {
      const [start, end] = [presentations.start[i], endOf(presentations, i)];
      if (start > to) break;
      const [left, right] = [Math.max(x(start), frame.left), Math.min(x(end), frame.left + frame.width)];
      const [shown, answered] = [presentations.label[i], presentations.decoded[i]];
      const texts = shown < 0 ? [`answered ${answered}`, `${answered}`] : [`shown ${shown}, answered ${answered}`, `${shown} → ${answered}`];
      context.fillStyle = ink(shown < 0 || shown === answered ? "grey" : "vermillion");
      const text = texts.find((candidate) => context.measureText(candidate).width < right - left - 6);
      if (text) context.fillText(text, (left + right) / 2, TOP - 8);
    }
  },

  /** The time and neuron under a pointer; null outside the frame. */
  at(view, event) {
    const box = this.canvas.getBoundingClientRect(), frame = this.frame();
    const [x, y] = [(event.clientX - box.left - frame.left) / frame.width, (event.clientY - box.top - frame.top) / frame.height];
    if (x < 0 || x > 1 || y < 0 || y >= 1) return null;
    return { time: view.from + x * (view.to - view.from), neuron: Math.floor(view.high - y * (view.high - view.low)), x, y };
  },

  /** Events at a place, in words. */
  eventsAt({ events }, { time, neuron }) {
    const { kinds = [], compartments } = events?.meta ?? {};
    const found = [];
    for (let i = 0; i < (events?.start.length ?? 0) && events.start[i] <= time; i++) {
      if (events.stop[i] < time || events.neuron[i] !== neuron) continue;
      const name = EVENTS[kinds[events.kind[i]]]?.[0];
      if (name) found.push(`${name} in ${compartments[events.compartment[i]]}, ${label(events.start[i], 0.1)} to ${label(events.stop[i], 0.1)} ms`);
    }
    return found;
  },

  /** The spike nearest to a place within a few pixels; null if there is none. */
  nearest({ spikes, from, to, low, high }, { time, neuron }) {
    if (!spikes) return null;
    const frame = this.frame();
    const [ms, ids] = [(to - from) / frame.width, (high - low) / frame.height];
    let best = null, closest = 64;
    for (let i = lower(spikes.time, time - 8 * ms); i < spikes.time.length && spikes.time[i] < time + 8 * ms; i++) {
      const [dx, dy] = [(spikes.time[i] - time) / ms, Math.max(0, Math.abs(spikes.neuron[i] - neuron) - 0.5) / ids];
      const distance = dx * dx + dy * dy;
      if (distance < closest) [closest, best] = [distance, { time: spikes.time[i], neuron: spikes.neuron[i] }];
    }
    return best;
  },
};
