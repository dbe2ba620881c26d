# What services may say, and what is refused.
run "misspelt_keys" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    services = { api = { taks = {}, task = { cpus = 1 }, container = { port = 80 }, load_balancer = { health_check = { pth = "/" } }, scaling = { schedules = { x = { at = "rate(1 day)", min = 0, max = 1, zone = "UTC" } } } } }
    given    = { api = { taks = {}, task = { cpus = 1 }, container = { port = 80 }, load_balancer = { health_check = { pth = "/" } }, scaling = { schedules = { x = { at = "rate(1 day)", min = 0, max = 1, zone = "UTC" } } } } }
  }

  expect_failures = [output.services]
}

run "keys_as_they_are" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    services = { api = { container = { port = 80, sidecars = { a = { image = "x" } } }, load_balancer = { health_check = { path = "/" } }, network = { egress = [{ port = 25, cidr = "10.0.0.0/8" }] } } }
    given    = { api = { container = { port = 80, sidecars = { a = { image = "x" } } }, load_balancer = { health_check = { path = "/" } }, network = { egress = [{ port = 25, cidr = "10.0.0.0/8" }] } } }
  }

  assert {
    condition     = output.services.api.task.cpu == 1024 && output.services.api.scaling.max == 4 && output.services.api.deployment.maximum_percent == 200
    error_message = "What is not given has the defaults of the stack."
  }
}

run "two_services_for_the_rest" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { container = { port = 80 }, load_balancer = {} }, b1 = { container = { port = 80 }, load_balancer = {} } }
  }

  expect_failures = [var.services]
}

run "one_priority_twice" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { container = { port = 80 }, load_balancer = { paths = ["/a"], priority = 1 } }, b1 = { container = { port = 80 }, load_balancer = { paths = ["/b"], priority = 1 } } }
  }

  expect_failures = [var.services]
}

run "balancer_without_a_port" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { load_balancer = {} } }
  }

  expect_failures = [var.services]
}

run "way_out_to_nowhere" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { network = { egress = [{ port = 5432 }] } } }
  }

  expect_failures = [var.services]
}

run "one_volume_for_two_paths" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { task = { writable_paths = ["/a/b", "/a-b"] } } }
  }

  expect_failures = [var.services]
}

run "schedule_of_a_time_zone_in_small_letters" {
  command = plan

  module {
    source = "./modules/settings"
  }

  variables {
    given    = {}
    services = { a1 = { scaling = { schedules = { x = { at = "cron(0 1 * * ? *)", min = 1, max = 2, timezone = "berlin" } } } } }
  }

  expect_failures = [var.services]
}
