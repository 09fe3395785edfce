// All that was recorded in a strip: spikes over time, stretch after stretch without the gaps between, and the window that is looked
// at, which dragging chooses.

/** How much was recorded before a time [ms]. */
function recordedBefore(stretches, time) {
  return stretches.reduce((sum, [from, to]) => sum + Math.min(Math.max(0, time - from), to - from), 0);
}

/** The time before which so much was recorded [ms]. */
function timeOf(stretches, recorded) {
  for (const [from, to] of stretches) {
    if (recorded < to - from) return from + recorded;
    recorded -= to - from;
  }
  return stretches.at(-1)[1];
}

/** Counts of spikes, in ascending order, in `bins` equal parts of what was recorded. */
function binned(times, stretches, bins) {
  const counts = new Uint32Array(bins);
  const scale = bins / (recordedBefore(stretches, Infinity) || 1);
  let next = 0, before = 0;
  for (const [from, to] of stretches) {
    for (; next < times.length && times[next] < to; next++) {
      counts[Math.min(bins - 1, Math.max(0, ((before + times[next] - from) * scale) | 0))]++;
    }
    before += to - from;
  }
  return counts;
}

const overview = {
  canvas: find("overview"),

  draw({ spikes, stretches, from, to }) {
    const { context, width, height } = sized(this.canvas);
    const inner = Math.max(1, Math.round(width - LEFT - RIGHT));
    const all = recordedBefore(stretches, Infinity);
    const x = (time) => LEFT + (recordedBefore(stretches, time) / all) * inner;
    context.fillStyle = ink("panel");
    context.fillRect(LEFT, 0, inner, height);
    if (spikes) {
      const counts = binned(spikes.time, stretches, inner);
      const most = counts.reduce((a, b) => Math.max(a, b), 1);
      context.fillStyle = ink("grey");
      counts.forEach((count, i) => {
        const bar = (count / most) * (height - 4);
        context.fillRect(LEFT + i, height - bar, 1, bar);
      });
    }
    context.fillStyle = ink("vermillion");
    for (const [start] of stretches.slice(1)) context.fillRect(x(start), 0, 1, height);
    context.fillStyle = context.strokeStyle = ink("blue");
    const [left, right] = [x(from), Math.max(x(to), x(from) + 2)];
    context.globalAlpha = 0.18;
    context.fillRect(left, 0, right - left, height);
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 0.75, right - left - 1.5, height - 1.5);
    context.fillStyle = ink("grey");
    context.textAlign = "right";
    context.fillText("run", LEFT - 8, height / 2 + 4);
  },

  /** Calls `choose(from, to)` while a window is drawn or moved. */
  listen(view, choose) {
    const time = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
      return timeOf(view.stretches, Math.min(1, Math.max(0, share)) * recordedBefore(view.stretches, Infinity));
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      const at = time(event), before = [view.from, view.to];
      const moves = at > view.from && at < view.to && view.to - view.from < 0.98 * (view.whole[1] - view.whole[0]);
      const drag = (later) => {
        const now = time(later);
        if (moves) choose(before[0] + now - at, before[1] + now - at);
        else if (now !== at) choose(Math.min(at, now), Math.max(at, now));
      };
      this.canvas.addEventListener("pointermove", drag);
      this.canvas.addEventListener("pointerup", (end) => {
        this.canvas.removeEventListener("pointermove", drag);
        // A click beside the window moves it there.
        const length = view.to - view.from;
        if (time(end) === at && (at < view.from || at > view.to)) choose(at - length / 2, at + length / 2);
      }, { once: true });
    });
  },
};
