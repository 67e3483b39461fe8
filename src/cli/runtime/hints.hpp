// What to do about architectures that cannot be executed as they are.
#pragma once

namespace smoothbound::cli {

constexpr const char* not_executable_hint =
    "'smoothbound bound' computes its bounds; to execute it, give the layer components in place of "
    "constants";
constexpr const char* radius_hint = "take a smaller radius, by --radius or in the file";

}  // namespace smoothbound::cli
