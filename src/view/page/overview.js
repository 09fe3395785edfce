// The whole run in a strip: spikes over time, and the window that is looked at, which dragging chooses.

/** Counts of spikes in `bins` equal stretches of time. */
function binned(times, [from, to], bins) {
  const counts = new Uint32Array(bins);
  const scale = bins / (to - from || 1);
  for (let i = 0; i < times.length; i++) {
    counts[Math.min(bins - 1, Math.max(0, ((times[i] - from) * scale) | 0))]++;
  }
  return counts;
}

const overview = {
  canvas: find("overview"),

  draw({ spikes, whole, from, to }) {
    const { context, width, height } = sized(this.canvas);
    const inner = Math.max(1, Math.round(width - LEFT - RIGHT));
    const x = (time) => LEFT + ((time - whole[0]) / (whole[1] - whole[0])) * inner;
    context.fillStyle = ink("panel");
    context.fillRect(LEFT, 0, inner, height);
    if (spikes) {
      const counts = binned(spikes.time, whole, inner);
      const most = counts.reduce((a, b) => Math.max(a, b), 1);
      context.fillStyle = ink("grey");
      counts.forEach((count, i) => {
        const bar = (count / most) * (height - 4);
        context.fillRect(LEFT + i, height - bar, 1, bar);
      });
    }
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
      return view.whole[0] + Math.min(1, Math.max(0, share)) * (view.whole[1] - view.whole[0]);
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
      this.canvas.addEventListener("pointerup", () => this.canvas.removeEventListener("pointermove", drag), { once: true });
    });
  },
};
