resource "aws_security_group" "tasks" {
  name        = "${var.prefix}-tasks"
  description = "Tasks of ${var.prefix}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.prefix}-tasks" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "From the load balancer"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
}

resource "aws_vpc_security_group_egress_rule" "from_load_balancer" {
  security_group_id            = var.load_balancer_security_group_id
  description                  = "To the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
}

# Images, logs and AWS's APIs: all of it is HTTPS, and its addresses change.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.tasks.id
  description       = "HTTPS to anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Tasks get a public address only with nat = none and no vpc_endpoints; their security group lets in the load balancer alone.
  name            = var.name
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.desired_count

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.health_check_grace_period_seconds
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  enable_execute_command             = var.execute_command
  platform_version                   = var.capacity == "fargate" ? "LATEST" : null
  wait_for_steady_state              = false

  # Without it the provider replaces the service where its shares of Fargate and Fargate Spot change: what runs would go,
  # and what comes would have the image of Terraform's own revision.
  force_new_deployment = true

  deployment_controller {
    type = "ECS"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = var.alarm_names
  }

  # A service without a strategy of its own cannot get one later without being replaced.
  dynamic "capacity_provider_strategy" {
    for_each = var.capacity_providers
    content {
      capacity_provider = capacity_provider_strategy.value.name
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = var.assign_public_ip
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = var.name
    container_port   = var.container_port
  }

  lifecycle {
    # Deployments choose the revision, autoscaling the count.
    ignore_changes = [task_definition, desired_count]
  }

  # Without these a task cannot start, and when they go first, a destroy waits for tasks that cannot stop.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.exec,
    aws_vpc_security_group_egress_rule.https,
    aws_ecs_cluster_capacity_providers.this,
  ]
}
