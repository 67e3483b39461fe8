#include "shared/model_weights.hpp"

namespace smoothbound::cli {

void require_model_weights(const CommandLine& line) {
  throw SpecError(line.locate_last({"--weights"}),
                  "files of weights are not written by this build, the calculator alone",
                  "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON");
}

void write_model_weights(const std::string& /*file*/, const models::ImportOptions& /*options*/,
                         const std::string& /*output*/) {}

}  // namespace smoothbound::cli
