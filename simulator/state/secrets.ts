/** The secrets of Secrets Manager and the parameters of Parameter Store that exist. None of them has a value. */
export class Secrets {
  /** ARNs, or names of parameters. */
  private readonly references = new Set<string>();

  add(reference: string): void {
    this.references.add(reference);
  }

  /**
   * Whether a task definition's reference leads anywhere. A secret's ARN may lack the six characters that Secrets
   * Manager adds, and may go on: `:json-key:version-stage:version-id`. A name alone is a parameter's.
   */
  exists(reference: string): boolean {
    if (!isWholeReference(reference)) return false;
    if (isSecret(reference)) return this.findArn(reference.split(':').slice(0, 7).join(':')) !== undefined;
    return (
      [...this.references].some((known) => reference === known || reference.startsWith(`${known}:`)) ||
      this.parameterNames().includes(parameterName(reference))
    );
  }

  /** The ARN of a secret by its ARN, with or without the six characters that Secrets Manager adds, or by its name. */
  findArn(id: string): string | undefined {
    const arns = [...this.references].filter(isSecret);
    return arns.find((arn) => arn === id || withoutSuffix(arn) === id || secretName(arn) === id);
  }

  /** An ARN of a name in a hierarchy leaves out the slash that begins the name. */
  parameterNames(): string[] {
    return [...this.references].filter((reference) => !isSecret(reference)).map(parameterName);
  }
}

/** A secret's ARN stands alone, or with all three parts behind it, empty ones included (amazon-ecs-agent, asmsecret). */
export function isWholeReference(reference: string): boolean {
  return !isSecret(reference) || [7, 10].includes(reference.split(':').length);
}

/** The name in a secret's ARN. */
export function secretName(arn: string): string {
  return withoutSuffix(arn).replace(/^.*:secret:/, '');
}

function isSecret(reference: string): boolean {
  return reference.includes(':secretsmanager:');
}

function withoutSuffix(arn: string): string {
  return arn.replace(/-[A-Za-z0-9]{6}$/, '');
}

/** The name that a reference to a parameter means: the name itself, or its ARN. */
export function parameterName(reference: string): string {
  const path = /^arn:[^:]+:ssm:[^:]*:[^:]*:parameter\/?(.*)$/.exec(reference)?.[1];
  if (path === undefined) return reference;
  return path.includes('/') ? `/${path}` : path;
}
