// A run that goes on: the newest presentations once a second, until the run ends or the reader pauses.

const follow = {
  paused: false,
  /** Start of the presentations last shown [ms]. */
  latest: NaN,

  async start() {
    const button = find("pause");
    button.hidden = find("live").hidden = false;
    button.addEventListener("click", () => {
      this.paused = !this.paused;
      button.textContent = this.paused ? "follow" : "pause";
    });
    while (await this.refresh()) await new Promise((later) => setTimeout(later, 1000));
    find("live").textContent += " · ended";
    button.hidden = true;
  },

  /** Whether the run still goes on: it has ended when the program does not answer, in the middle of what is shown too. */
  async refresh() {
    if (this.paused) return true;
    try {
      await parts.refresh();
      await this.update();
    } catch (error) {
      if (error instanceof NotServed) return false;
      throw error;
    }
    return true;
  },

  /** Shows the newest parts. */
  async update() {
    const count = await load();
    const { seen, planned } = view.run;
    find("live").textContent = `live: ${grouped.format(seen)} of ${grouped.format(planned)} presentations`;
    document.body.dataset.seen = seen;
    learning.draw(view);
    confusionCard.draw(view);
    if (count && view.presentations.start[0] !== this.latest) await this.show();
  },

  /** Turns to new presentations: the same population, neuron and neurons in sight. */
  async show() {
    const first = Number.isNaN(this.latest);
    this.latest = view.presentations.start[0];
    const { low, high, population } = view;
    await selectPopulation(population?.place ?? foremost(view.run));
    if (!first) Object.assign(view, { low, high });
    choose(...view.whole);
    if (first) listen();
    shownCard.now = -1;
    await Promise.all([select(view.neuron), shownCard.at(view, view.from + 1e-3)]);
    document.body.dataset.ready = "true";
  },
};
