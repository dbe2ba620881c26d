# Requests of services that ECS shifts go by their production rules.
resource "aws_lb_listener_rule" "this" {
  for_each = { for name, target in local.rules : name => target if !contains(keys(var.progressive), name) }
}
