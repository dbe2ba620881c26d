resource "aws_security_group" "tasks" {
  name        = "${var.identity.prefix}-tasks"
  description = "Tasks of ${var.identity.prefix}"
  vpc_id      = var.network.vpc_id

  tags = { Name = "${var.identity.prefix}-tasks" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  count = var.load_balancer == null ? 0 : 1

  security_group_id            = aws_security_group.tasks.id
  description                  = "From the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port
}

resource "aws_vpc_security_group_egress_rule" "from_load_balancer" {
  count = var.load_balancer == null ? 0 : 1

  security_group_id            = var.load_balancer.security_group_id
  description                  = "To the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port
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

locals {
  # Databases, caches and mail, by whoever writes the stack; NFS by the file systems that are mounted.
  egress = merge(
    { for rule in var.network.egress : "${rule.protocol}-${rule.port}-${coalesce(rule.security_group_id, rule.cidr)}" => rule },
    { for name, fs in var.task.file_systems : "nfs-${name}" => { port = 2049, cidr = null, security_group_id = fs.security_group_id, protocol = "tcp" } },
  )
}

resource "aws_vpc_security_group_egress_rule" "further" {
  for_each = local.egress

  security_group_id            = aws_security_group.tasks.id
  description                  = "Port ${each.value.port}"
  cidr_ipv4                    = each.value.cidr
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
}

locals {
  protocol = var.load_balancer == null ? null : var.load_balancer.protocol_version
}

# What a running service cannot change. It is written once, when the service is made.
resource "terraform_data" "fixed" {
  input = { capacity = var.cluster.capacity, port = var.container.port, balanced = var.load_balancer != null, protocol = local.protocol }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output.capacity == var.cluster.capacity
      error_message = "${var.identity.name} runs on ${self.output.capacity}, and its running revision cannot run on ${var.cluster.capacity}. Add a second service with the new capacity to services, deploy to it, give it the hosts or paths, and take this one away then."
    }

    postcondition {
      condition     = self.output.port == var.container.port
      error_message = "${var.identity.name} listens on ${coalesce(self.output.port, 0)}, and its running revision knows no port ${coalesce(var.container.port, 0)}: the load balancer would find nobody there. Add a second service with the new port to services, deploy to it, give it the hosts or paths, and take this one away then."
    }

    postcondition {
      condition     = self.output.balanced == (var.load_balancer != null)
      error_message = "${var.identity.name} cannot get or lose its load balancer while it runs, since its revision was made without or with a port for it. Add a second service to services, deploy to it, and take this one away then."
    }

    # A stack that is older than this has none written down.
    postcondition {
      condition     = try(self.output.protocol, local.protocol) == local.protocol || self.output.balanced != (var.load_balancer != null)
      error_message = "${var.identity.name} gets its requests as ${try(coalesce(self.output.protocol, "-"), "-")}, and its running revision may not understand ${coalesce(local.protocol, "-")}. Add a second service with the new protocol_version to services, deploy to it, give it the hosts or paths, and take this one away then."
    }
  }
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Tasks get a public address only with nat = none and no vpc_endpoints; their security group lets in the load balancer alone.
  name            = var.identity.name
  cluster         = var.cluster.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.scaling.desired

  deployment_minimum_healthy_percent = var.deployment.minimum_percent
  deployment_maximum_percent         = var.deployment.maximum_percent
  health_check_grace_period_seconds  = one([for balancer in [var.load_balancer] : balancer.grace_seconds if balancer != null])
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  enable_execute_command             = var.task.execute_command
  platform_version                   = var.cluster.capacity == "fargate" ? "LATEST" : null
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

  dynamic "alarms" {
    for_each = length(var.deployment.alarm_names) == 0 ? [] : [var.deployment.alarm_names]
    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  # A service without a strategy of its own cannot get one later without being replaced.
  dynamic "capacity_provider_strategy" {
    for_each = var.cluster.strategy
    content {
      capacity_provider = capacity_provider_strategy.value.name
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = concat([aws_security_group.tasks.id], var.network.security_group_ids)
    assign_public_ip = var.network.public_ip
  }

  dynamic "load_balancer" {
    for_each = var.load_balancer == null ? [] : [var.load_balancer]
    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = var.identity.name
      container_port   = var.container.port
    }
  }

  dynamic "service_connect_configuration" {
    for_each = var.connect == null ? [] : [var.connect]
    content {
      enabled   = true
      namespace = var.cluster.namespace

      dynamic "service" {
        for_each = service_connect_configuration.value.server ? [service_connect_configuration.value] : []
        content {
          port_name      = "main"
          discovery_name = var.identity.name

          client_alias {
            dns_name = service.value.dns_name
            port     = service.value.port
          }
        }
      }
    }
  }

  lifecycle {
    # Deployments choose the revision, autoscaling the count.
    ignore_changes = [task_definition, desired_count]
  }

  # Without these a task cannot start, and when they go first, a destroy waits for tasks that cannot stop.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.exec,
    aws_iam_role_policy.file_systems,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.further,
    terraform_data.fixed,
  ]
}
