import { AwsError } from './errors.ts';

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogGroup {
  readonly name: string;
  readonly createdAt: number;
  readonly streams: Map<string, LogLine[]>;
}

/** CloudWatch Logs of one account and region. */
export class LogStore {
  readonly groups = new Map<string, LogGroup>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  create(name: string): LogGroup {
    const group = { name, createdAt: this.now(), streams: new Map<string, LogLine[]>() };
    this.groups.set(name, group);
    return group;
  }

  /** Throws ResourceNotFoundException as CloudWatch Logs does. */
  group(name: string): LogGroup {
    const group = this.groups.get(name);
    if (group === undefined)
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    return group;
  }

  /** Throws ResourceNotFoundException as CloudWatch Logs does. */
  stream(groupName: string, name: string): LogLine[] {
    const stream = this.group(groupName).streams.get(name);
    if (stream === undefined)
      throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    return stream;
  }

  /** Makes the stream where it is missing; a container opens its stream before it prints anything. */
  open(groupName: string, name: string): void {
    const { streams } = this.group(groupName);
    if (!streams.has(name)) streams.set(name, []);
  }

  append(groupName: string, name: string, message: string): void {
    this.stream(groupName, name).push({ timestamp: Math.round(this.now()), message });
  }
}
