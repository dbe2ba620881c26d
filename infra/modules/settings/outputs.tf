locals {
  # Keys of the service, of its groups, and of what the groups hold, each with where it is written.
  written = flatten([for name, service in var.given : concat(
    [for key in keys(service) : { at = "${name}.${key}", known = contains(keys(var.services[name]), key) }],
    flatten([for group, values in service : [
      for key in try(keys(values), []) : { at = "${name}.${group}.${key}", known = try(contains(keys(var.services[name][group]), key), true) }
    ]]),
    flatten([for part, kind in { file_systems = "task", sidecars = "container", schedules = "scaling" } : [
      for id, values in try(service[kind][part], {}) : [
        for key in keys(values) : { at = "${name}.${kind}.${part}.${id}.${key}", known = try(contains(keys(var.services[name][kind][part][id]), key), true) }
      ]
    ]]),
    flatten([for at, values in try(service.network.egress, []) : [
      for key in keys(values) : { at = "${name}.network.egress[${at}].${key}", known = try(contains(keys(var.services[name].network.egress[at]), key), true) }
    ]]),
    [for key in try(keys(service.load_balancer.health_check), []) : { at = "${name}.load_balancer.health_check.${key}", known = try(contains(keys(var.services[name].load_balancer.health_check), key), true) }],
  )])
  misspelt = [for key in local.written : key.at if !key.known]
}

output "services" {
  description = "The services with every default."
  value       = var.services

  precondition {
    condition     = length(local.misspelt) == 0
    error_message = "services has keys that do not exist: ${join(", ", local.misspelt)}."
  }
}
