/** What the Lambda function of a lifecycle hook does; it succeeds after 4 seconds where nothing is said of it. */
export interface FunctionBehaviour {
  readonly ends: 'Succeeded' | 'Failed' | 'never';
  readonly afterSeconds?: number;
  readonly message?: string;
}

const usualSeconds = 4;

/** The Lambda functions of one account and region, which lifecycle hooks call. */
export class Functions {
  /** By name or ARN. */
  readonly behaviours = new Map<string, FunctionBehaviour>();

  /** `afterSeconds` has a value always. */
  behaviourOf(target: string): FunctionBehaviour & { readonly afterSeconds: number } {
    const name = target.split(':')[6] ?? target;
    const behaviour = this.behaviours.get(target) ?? this.behaviours.get(name) ?? { ends: 'Succeeded' };
    return { afterSeconds: usualSeconds, ...behaviour };
  }
}
