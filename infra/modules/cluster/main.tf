resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights are on unless container_insights says otherwise.
  #checkov:skip=CKV_AWS_224:With ECS Exec its session and its log are encrypted with the stack's key; see log_encryption.
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }

  dynamic "configuration" {
    for_each = var.exec == null ? [] : [var.exec]
    content {
      execute_command_configuration {
        kms_key_id = configuration.value.key_arn
        logging    = "OVERRIDE"

        log_configuration {
          cloud_watch_log_group_name     = configuration.value.log_group
          cloud_watch_encryption_enabled = configuration.value.key_arn != null
        }
      }
    }
  }
}

# Fargate's stay whatever the services use: AWS refuses to take away a provider that tasks are still on.
resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = concat(["FARGATE", "FARGATE_SPOT"], var.capacity_providers)
}

# Names by which the services reach each other, without a load balancer between them.
resource "aws_service_discovery_http_namespace" "this" {
  count = var.connect == null ? 0 : 1

  name        = var.name
  description = "Service Connect in ${var.name}"
}

resource "aws_security_group" "connect" {
  count = var.connect == null ? 0 : 1

  name        = "${var.name}--connect"
  description = "Services of ${var.name} that reach each other"
  vpc_id      = var.connect.vpc_id

  tags = { Name = "${var.name}--connect" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "connect" {
  count = var.connect == null ? 0 : 1

  security_group_id            = aws_security_group.connect[0].id
  description                  = "From each other"
  referenced_security_group_id = aws_security_group.connect[0].id
  ip_protocol                  = "tcp"
  from_port                    = 1
  to_port                      = 65535
}

resource "aws_vpc_security_group_egress_rule" "connect" {
  count = var.connect == null ? 0 : 1

  security_group_id            = aws_security_group.connect[0].id
  description                  = "To each other"
  referenced_security_group_id = aws_security_group.connect[0].id
  ip_protocol                  = "tcp"
  from_port                    = 1
  to_port                      = 65535
}
