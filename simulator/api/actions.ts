/** Which services and actions exist, and how a request finds its action. */
import type { World } from '../engine/world.ts';
import { AwsError } from '../state/errors.ts';
import type { JsonObject } from '../state/json.ts';
import { autoscalingActions } from './autoscaling.ts';
import { cloudWatchActions } from './cloudwatch.ts';
import { codeDeployActions } from './codedeploy.ts';
import { ecrActions } from './ecr.ts';
import { clusterActions } from './ecs/clusters.ts';
import { serviceDeploymentActions } from './ecs/service-deployments.ts';
import { serviceActions } from './ecs/services.ts';
import { taskDefinitionActions } from './ecs/task-definitions.ts';
import { taskActions } from './ecs/tasks.ts';
import { elbv2Actions, elbv2Namespace } from './elbv2.ts';
import { iamActions, iamNamespace, stsActions, stsNamespace } from './iam.ts';
import { logsActions } from './logs.ts';
import { queryAnswer, queryError } from './protocol/query.ts';
import type { QueryInput, Xml } from './protocol/query.ts';
import type { AwsRequest } from './protocol/request.ts';
import { secretsManagerActions, ssmActions } from './secrets.ts';

type JsonAction = (world: World, input: JsonObject) => JsonObject;
type QueryAction = (world: World, input: QueryInput) => Xml;

const jsonServices = new Map<string, Record<string, JsonAction>>([
  [
    'ecs',
    {
      ...taskDefinitionActions,
      ...clusterActions,
      ...serviceActions,
      ...serviceDeploymentActions,
      ...taskActions,
    },
  ],
  ['ecr', ecrActions],
  ['logs', logsActions],
  ['monitoring', cloudWatchActions],
  ['secretsmanager', secretsManagerActions],
  ['ssm', ssmActions],
  ['application-autoscaling', autoscalingActions],
  ['codedeploy', codeDeployActions],
]);

const queryServices = new Map<string, { namespace: string; actions: Record<string, QueryAction> }>([
  ['elasticloadbalancing', { namespace: elbv2Namespace, actions: elbv2Actions }],
  ['iam', { namespace: iamNamespace, actions: iamActions }],
  ['sts', { namespace: stsNamespace, actions: stsActions }],
]);

/** The body of the answer to a request. Throws AwsError for a refusal and for what is not simulated. */
export function answerOf(world: World, request: AwsRequest, requestId: string): string {
  const { service, action, query, body } = request;
  if (query === undefined) {
    const run = jsonServices.get(service)?.[action];
    if (run === undefined) throw unknownAction(request);
    return JSON.stringify(run(world, body));
  }
  const spoken = queryServices.get(service);
  const run = spoken?.actions[action];
  if (spoken === undefined || run === undefined) throw unknownAction(request);
  return queryAnswer(spoken.namespace, action, run(world, query), requestId);
}

/** The body of a refusal, in the protocol of the request. */
export function refusalBody({ service, query }: AwsRequest, error: AwsError, requestId: string): string {
  return query === undefined
    ? JSON.stringify({ __type: error.code, message: error.message })
    : queryError(queryServices.get(service)?.namespace ?? '', error, requestId);
}

function unknownAction({ service, action }: AwsRequest): AwsError {
  return new AwsError('UnknownOperationException', `The simulator does not have ${service}:${action}.`);
}
