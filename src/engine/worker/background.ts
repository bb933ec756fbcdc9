/** Does one thing after the other, beside the model's work. What fails holds up nothing that comes after it. */
export class Background {
  #last: Promise<void> = Promise.resolve()

  add(task: () => Promise<void>): void {
    this.#last = this.#last.then(task).catch(() => {})
  }

  /** Waits for all that is to be done; what is done may leave more to do. */
  async settle(): Promise<void> {
    for (let last; last !== this.#last;) {
      last = this.#last
      await last
    }
  }
}
