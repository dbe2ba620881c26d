/** The records of Application Auto Scaling. */

/** Between how many tasks a service is kept, and at which average CPU utilization, in percent. */
export interface ScalingRange {
  readonly min: number;
  readonly max: number;
  /** 50 by default. Without a load there is no policy, and nothing scales. */
  readonly cpuTarget?: number;
}

export interface ScalableTarget extends Required<ScalingRange> {
  /** `service/<cluster>/<service>` */
  readonly id: string;
  readonly service: { readonly cluster: string; readonly name: string };
  /** What all tasks together have to do, in percent of one task; undefined until it is scripted. */
  load: number | undefined;
}

export interface ScalingActivity {
  readonly id: string;
  readonly target: ScalableTarget;
  readonly from: number;
  readonly to: number;
  readonly startedAt: number;
  /** When as many tasks ran, or another activity took over. */
  endedAt: number | undefined;
}

/** Application Auto Scaling of one account and region. */
export class Autoscaling {
  /** By resource ID. */
  readonly targets = new Map<string, ScalableTarget>();
  /** Newest first. */
  activities: ScalingActivity[] = [];
}
