// What several parts of the page use.

const find = (id) => document.getElementById(id);

/** Left and right margin of everything that shares the axis of time [px]. */
const LEFT = 64, RIGHT = 16;

/** First place in an ascending array whose value is not below x. */
function lower(array, x) {
  let low = 0, high = array.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (array[middle] < x) low = middle + 1; else high = middle;
  }
  return low;
}

/** A colour of the theme. */
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

/** Red, green and blue of a colour #rrggbb. */
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Makes a canvas as fine as the screen; its context, width and height in the pixels of the page. */
function sized(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const fine = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * fine)), Math.max(1, Math.round(height * fine))];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(fine, 0, 0, fine, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  return { context, width, height, fine };
}

const grouped = new Intl.NumberFormat("en-GB");

/** Explains colours: pairs of text and the name of an ink, of lines or of areas. */
function explain(legend, entries, sign = "line") {
  legend.replaceChildren(...entries.map(([text, colour]) => {
    const entry = document.createElement("span");
    const mark = document.createElement("i");
    mark.className = sign;
    mark.style.background = ink(colour);
    entry.append(mark, text);
    return entry;
  }));
}

/** A number with as many decimals as a step between numbers needs. */
function label(value, step = 1) {
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return (value + 0).toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** About `count` round numbers between two, and the step between them. */
function ticks(from, to, count) {
  const rough = (to - from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough) ?? rough;
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) found.push(k * step + 0);
  return { found, step };
}

/** A colour between the background and an ink. */
function blend(share, colour) {
  const [under, over] = [rgb(ink("background")), rgb(ink(colour))];
  return over.map((part, i) => Math.round(under[i] + (part - under[i]) * share));
}

/** Draws values −1 to 1 (NaN: nothing) as a picture with so many columns, a square about `side` pixels wide. */
function picture(canvas, values, columns, side, [below, above]) {
  const rows = Math.ceil(values.length / columns);
  Object.assign(canvas, { width: columns, height: rows });
  const scale = Math.max(1, Math.floor(side / Math.max(columns, rows)));
  canvas.style.width = columns * scale + "px";
  canvas.style.height = "auto";
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const [under, low, high] = ["background", below, above].map((name) => rgb(ink(name)));
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const [share, over] = value < 0 ? [Math.min(1, -value), low] : [Math.min(1, value), high];
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = under[c] + (over[c] - under[c]) * share;
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** Columns of a picture of so many values: a square, two squares one above the other (ON and OFF maps), else about square. */
function columnsOf(count) {
  const half = Math.sqrt(count / 2);
  return Number.isInteger(half) ? half : Math.ceil(Math.sqrt(count));
}

/** Index of the presentation on at a time, −1 if none is. */
function presentationAt(presentations, time) {
  const i = lower(presentations.start, time + 1e-9) - 1;
  return i >= 0 && time <= endOf(presentations, i) ? i : -1;
}

function endOf(presentations, i) {
  const target = presentations.target_end[i];
  return Number.isNaN(target) ? presentations.forward_end[i] : target;
}

/** Unbroken stretches of presentations, start and end of each [ms]. */
function stretchesOf(presentations) {
  const found = [];
  presentations.start.forEach((start, i) => {
    const last = found.at(-1), end = endOf(presentations, i);
    if (last && Math.abs(last[1] - start) < 1e-6) last[1] = end; else found.push([start, end]);
  });
  return found;
}

/** Shades phases in a stretch of time; `x` takes time to pixels. */
function shadePhases(context, presentations, [from, to], x, top, height) {
  const [forward, target] = [ink("forward"), ink("target")];
  for (let i = Math.max(0, lower(presentations.start, from) - 1); i < presentations.start.length; i++) {
    const start = presentations.start[i];
    if (start > to) break;
    const stretch = (a, b, colour) => {
      const [left, right] = [x(Math.max(a, from)), x(Math.min(b, to))];
      if (right <= left) return;
      context.fillStyle = colour;
      context.fillRect(left, top, right - left, height);
    };
    stretch(start, presentations.forward_end[i], forward);
    stretch(presentations.forward_end[i], endOf(presentations, i), target);
  }
}

/** Events that are shaded, by their kind: what they are called and their colour, as they stand in the row of a neuron from its top. A
 * back-propagating action potential follows every spike and is not. */
const EVENTS = { plateau: ["plateau", "orange"], burst: ["burst", "green"], dendritic_spike: ["dendritic spike", "purple"] };

/** The kinds of a population's events that are drawn. */
const drawnKinds = (events) => Object.keys(EVENTS).filter((kind) => events?.meta.kinds.includes(kind));

/** Calls `draw(i)` for each event of one kind in a stretch of time; its colour is set. */
function eachEvent(context, events, kind, [from, to], draw) {
  const number = events.meta.kinds.indexOf(kind);
  const { start, stop, kind: kinds } = events;
  context.fillStyle = ink(EVENTS[kind][1]);
  for (let i = 0; i < start.length && start[i] <= to; i++) if (kinds[i] === number && stop[i] >= from) draw(i);
}
