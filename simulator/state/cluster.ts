import type { JsonObject } from './json.ts';
import type { Service, Task } from './model.ts';

/** A cluster: its services by name, its tasks by ARN. Stopped tasks stay among them for a while. */
export class Cluster {
  readonly name: string;
  readonly arn: string;
  readonly services = new Map<string, Service>();
  readonly tasks = new Map<string, Task>();
  tags: JsonObject[] = [];
  settings: JsonObject[] = [{ name: 'containerInsights', value: 'disabled' }];
  capacityProviders: readonly string[] = ['FARGATE', 'FARGATE_SPOT'];

  constructor(name: string, arn: string) {
    this.name = name;
    this.arn = arn;
  }

  /** A service by name or ARN, whatever its status; undefined when there never was one. */
  find(nameOrArn: string): Service | undefined {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1) : nameOrArn;
    return this.services.get(name);
  }

  /** A service by name, for tests and operators. Throws a plain error when there is none. */
  service(name: string): Service {
    const service = this.find(name);
    if (service === undefined) throw new Error(`There is no service "${name}" in cluster "${this.name}".`);
    return service;
  }

  /** The visible tasks of a service, oldest first. */
  tasksOf(service: Service): Task[] {
    return [...this.tasks.values()].filter((task) => task.service === service);
  }
}
