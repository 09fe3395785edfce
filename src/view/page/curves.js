// Errors over the training presentations.

const learning = {
  ...card("learning"),
  chart: null,

  draw({ run }) {
    const points = run.curve, running = run.running ?? [];
    this.element.hidden = !points.length && !running.length;
    this.chart?.destroy();
    this.chart = null;
    if (this.element.hidden) return;
    const last = points.at(-1);
    this.note.textContent = last
      ? `${run.tested_on} error ${label(last.test_error, 0.01)} % after ${grouped.format(last.examples_seen)} presentations`
      : "not yet tested";
    const entries = [[run.tested_on, "blue"], ["training", "vermillion"], ["running", "grey"]];
    explain(this.element.querySelector(".legend"), running.length ? entries : entries.slice(0, 2));
    this.build(run, points, running);
  },

  build(run, points, running) {
    const data = uPlot.join([
      [points.map((p) => p.examples_seen), points.map((p) => p.test_error), points.map((p) => p.train_error)],
      [running.map(([seen]) => seen), running.map(([, error]) => error)],
    ]);
    const axis = { stroke: ink("grey"), font: "11px system-ui, sans-serif", grid: { stroke: ink("line"), width: 1 }, ticks: { show: false } };
    const line = (name, colour, width, shown) => ({ label: name, stroke: ink(colour), width, spanGaps: true, points: { show: shown, size: 5, fill: ink(colour) } });
    const host = this.element.querySelector(".chart");
    const short = (n) => (n >= 1e6 ? `${n / 1e6}M` : n >= 1000 ? `${n / 1000}k` : `${n}`);
    this.chart = new uPlot({
      width: host.clientWidth,
      height: 170,
      padding: [8, 14, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: (_, low, high) => [0, Math.max(1, high ?? 1)] }, y: { range: (_, low, high) => [0, Math.max(1, high ?? 1) * 1.06] } },
      axes: [
        { ...axis, label: "presentations", labelFont: axis.font, labelSize: 16, size: 22, values: (_, at) => at.map(short) },
        { ...axis, label: "error (%)", labelFont: axis.font, labelSize: 16, size: 30 },
      ],
      series: [{}, line(run.tested_on, "blue", 2, true), line("training", "vermillion", 1.5, true), line("running", "grey", 1, false)].filter((_, i) => i < 3 || running.length),
    }, running.length ? data : data.slice(0, 3), host);
  },
};
