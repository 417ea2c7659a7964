package milepost.hapi;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code /health}: answers 200 as soon as requests are served at all. */
@RestController
class HealthController {

  @GetMapping(path = "/health", produces = "text/plain")
  String health() {
    return "ok\n";
  }
}
