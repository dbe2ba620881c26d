export interface Role {
  readonly name: string;
  readonly arn: string;
  /** The service that may assume it, such as `ecs-tasks.amazonaws.com`. */
  trusts: string;
  /** Actions that it does not allow. */
  lacks: readonly string[];
  readonly createdAt: number;
}

/** The IAM roles of one account. Of their permissions only what they lack is known. */
export class Roles {
  readonly all = new Map<string, Role>();
  private readonly now: () => number;
  private readonly arnOf: (name: string) => string;

  constructor(arnOf: (name: string) => string, now: () => number) {
    this.arnOf = arnOf;
    this.now = now;
  }

  create(name: string, trusts = 'ecs-tasks.amazonaws.com'): Role {
    const role = { name, arn: this.arnOf(name), trusts, lacks: [], createdAt: this.now() };
    this.all.set(name, role);
    return role;
  }
}
