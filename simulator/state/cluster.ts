import type { JsonObject } from './json.ts';
import type { Cluster, Service, Task } from './model.ts';

export class EcsCluster implements Cluster {
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

  find(nameOrArn: string): Service | undefined {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1) : nameOrArn;
    return this.services.get(name);
  }

  service(name: string): Service {
    const service = this.find(name);
    if (service === undefined) throw new Error(`There is no service "${name}" in cluster "${this.name}".`);
    return service;
  }

  tasksOf(service: Service): Task[] {
    return [...this.tasks.values()].filter((task) => task.service === service);
  }
}
