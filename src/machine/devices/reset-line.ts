/** What a driver's reset does to the DMA that a device has under way: the scenario says. */
import type { Appointment } from '../../base/agenda-cells.ts';
import { noCause } from '../../base/event.ts';
import type { DeviceSettings, Surroundings } from './settings.ts';

/** Something of a device that does DMA by itself. */
export interface Activity {
  readonly isActive: boolean;
  /** Nothing goes on the bus any more. */
  stop(): void;
  /** One request may still go on the bus; then nothing. */
  stopAfterOne(): void;
}

export class ResetLine {
  readonly #settings: DeviceSettings;
  readonly #surroundings: Surroundings;
  readonly #activities: readonly Activity[];
  readonly #silence: Appointment;

  constructor(settings: DeviceSettings, surroundings: Surroundings, activities: readonly Activity[]) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#activities = activities;
    this.#silence = surroundings.agenda.add(() => this.#stop('the late end of its reset'),
      // With time set aside requests are optional: a device that asks for nothing more is as good as silent.
      { name: `${settings.name}.silence`, urgency: 'optional', ways: () => 0 });
  }

  reset(cause: number): void {
    const { name, reset } = this.#settings;
    this.#surroundings.trace.emit(name, cause, { kind: 'device-reset', behaviour: reset.kind });
    this.#surroundings.fabric.observer?.deviceReset(name);
    switch (reset.kind) {
      case 'stops': return this.#stop('its reset');
      case 'leaves-one': {
        for (const activity of this.#activities.filter(({ isActive }) => isActive)) activity.stopAfterOne();
        return;
      }
      case 'late': return this.#silence.in(reset.afterNs);
      case 'ignored': return;
    }
  }

  #stop(why: string): void {
    const active = this.#activities.filter(({ isActive }) => isActive);
    if (active.length === 0) return;
    this.#surroundings.trace.emit(this.#settings.name, noCause, { kind: 'device-stop', why });
    for (const activity of active) activity.stop();
  }
}
