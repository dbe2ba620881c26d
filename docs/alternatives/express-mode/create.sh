#!/usr/bin/env bash
# Makes a service of ECS Express Mode out of an image, with the two roles that it needs: AWS makes the load balancer, the
# security groups, the certificate, the scaling and the alarms. Run it once; deploy.yml deploys from then on.
#
#   IMAGE=123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:TAG bash create.sh
set -euo pipefail
shopt -s inherit_errexit
service="${SERVICE:-backend}"

# role NAME SERVICE POLICY: answers with its ARN.
role() {
  local trust
  trust="$(jq --null-input --compact-output --arg service "$2" '{Version: "2012-10-17", Statement: [
    {Effect: "Allow", Principal: {Service: $service}, Action: "sts:AssumeRole"}]}')"
  aws iam create-role --role-name "$1" --assume-role-policy-document "$trust" --query Role.Arn --output text
  aws iam attach-role-policy --role-name "$1" --policy-arn "arn:aws:iam::aws:policy/service-role/$3"
}

execution="$(role "$service-express-execution" ecs-tasks.amazonaws.com AmazonECSTaskExecutionRolePolicy)"
infrastructure="$(role "$service-express-infrastructure" ecs.amazonaws.com \
  AmazonECSInfrastructureRoleforExpressGatewayServices)"
# IAM takes a moment until others see a new role.
sleep "${SETTLE_SECONDS:-15}"

aws ecs create-express-gateway-service \
  --service-name "$service" \
  --execution-role-arn "$execution" \
  --infrastructure-role-arn "$infrastructure" \
  --primary-container "$(jq --null-input --arg image "${IMAGE:?}" '{image: $image, containerPort: 8000}')" \
  --health-check-path /ready \
  --cpu 1024 --memory 2048 \
  --scaling-target minTaskCount=1,maxTaskCount=4,autoScalingMetric=AVERAGE_CPU,autoScalingTargetValue=70 \
  --query 'service.serviceArn' --output text
