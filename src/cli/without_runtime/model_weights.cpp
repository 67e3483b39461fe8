#include "shared/model_weights.hpp"

namespace smoothbound::cli {

void write_model_weights(const CommandLine& line, const std::string& /*file*/,
                         const models::ImportedModel& /*model*/, const std::string& /*output*/) {
  throw SpecError(line.locate_last({"--weights"}),
                  "files of weights are not written by this build, the calculator alone",
                  "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON");
}

}  // namespace smoothbound::cli
