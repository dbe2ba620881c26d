export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface Alarm {
  readonly name: string;
  readonly arn: string;
  state: AlarmState;
  reason: string;
  updatedAt: number;
}

/** The CloudWatch alarms of one account and region. Nothing measures: their state is set. */
export class Alarms {
  readonly all = new Map<string, Alarm>();
  private readonly now: () => number;
  private readonly arnOf: (name: string) => string;
  private readonly listeners: ((alarm: Alarm) => void)[] = [];

  constructor(arnOf: (name: string) => string, now: () => number) {
    this.arnOf = arnOf;
    this.now = now;
  }

  create(name: string, state: AlarmState = 'OK'): Alarm {
    const alarm = {
      name,
      arn: this.arnOf(name),
      state,
      reason: 'Unchecked: Initial alarm creation',
      updatedAt: this.now(),
    };
    this.all.set(name, alarm);
    return alarm;
  }

  /** Sets a state, and calls the listeners. An alarm that does not exist is made first. */
  set(name: string, state: AlarmState, reason = 'Threshold Crossed'): void {
    const alarm = this.all.get(name) ?? this.create(name);
    alarm.state = state;
    alarm.reason = reason;
    alarm.updatedAt = this.now();
    for (const listener of this.listeners) listener(alarm);
  }

  onChange(listener: (alarm: Alarm) => void): void {
    this.listeners.push(listener);
  }

  isInAlarm(name: string): boolean {
    return this.all.get(name)?.state === 'ALARM';
  }
}
