#include "window_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace smoothbound::models {
namespace {

constexpr std::array<std::size_t, 2> both_axes{0, 1};

// Windows along an axis by the rules of this program.
std::int64_t windows_along(const Windows& windows, std::size_t axis, bool ceil) {
  const std::int64_t padded = windows.input[axis] + 2 * windows.before[axis];
  const std::int64_t rest = padded - windows.kernel[axis];
  if (rest < 0) return 0;
  const std::int64_t count = rest / windows.stride[axis] + 1;
  const bool hangs_over = rest % windows.stride[axis] != 0 &&
                          count * windows.stride[axis] - windows.before[axis] < windows.input[axis];
  return ceil && hangs_over ? count + 1 : count;
}

// Whether the padding "same" is this one.
bool is_same(const Windows& windows, std::size_t axis) {
  const std::int64_t output = ceiling_of(windows.input[axis], windows.stride[axis]);
  const std::int64_t reach = (output - 1) * windows.stride[axis] + windows.kernel[axis];
  const std::int64_t total = std::max<std::int64_t>(reach - windows.input[axis], 0);
  return output == windows.output[axis] && total / 2 == windows.before[axis];
}

void require_entries(const Windows& windows) {
  for (const std::size_t axis : both_axes) {
    const std::int64_t last =
        (windows.output[axis] - 1) * windows.stride[axis] - windows.before[axis];
    if (windows.output[axis] >= 1 && windows.before[axis] < windows.kernel[axis] &&
        last < windows.input[axis]) {
      continue;
    }
    throw ShapeError("a window of the pooling lies outside of its input",
                     "use a smaller window, stride or padding");
  }
}

}  // namespace

std::string extent_text(const Pair& pair) {
  return pair[0] == pair[1] ? std::to_string(pair[0]) : yaml_list({pair[0], pair[1]});
}

std::optional<std::vector<Setting>> pooling_settings(const Windows& windows) {
  std::vector<Setting> settings{{"kernel", extent_text(windows.kernel)}};
  if (windows.stride != windows.kernel) settings.push_back({"stride", extent_text(windows.stride)});
  const auto fit = [&](bool ceil) {
    return std::ranges::all_of(both_axes, [&](std::size_t axis) {
      return windows_along(windows, axis, ceil) == windows.output[axis];
    });
  };
  const bool fits = fit(false);
  if (fits || fit(true)) {
    if (windows.before != Pair{0, 0}) settings.push_back({"padding", extent_text(windows.before)});
    if (!fits) settings.push_back({"ceil", "true"});
    return settings;
  }
  if (!std::ranges::all_of(both_axes, [&](std::size_t axis) { return is_same(windows, axis); })) {
    return std::nullopt;
  }
  settings.push_back({"padding", "same"});
  return settings;
}

StepId add_max_pool(Network& network, StepId input, const Windows& windows,
                    const std::string& name) {
  require_entries(windows);
  const std::int64_t channels = network.shape(input).channels();
  const Shape output{channels, windows.output[0], windows.output[1]};
  auto settings = pooling_settings(windows);
  if (!settings) {
    Pair behind{};
    for (const std::size_t axis : both_axes) {
      const std::int64_t reach =
          (windows.output[axis] - 1) * windows.stride[axis] + windows.kernel[axis];
      behind[axis] = std::max<std::int64_t>(reach - windows.before[axis] - windows.input[axis], 0);
    }
    const Shape padded{channels, windows.input[0] + windows.before[0] + behind[0],
                       windows.input[1] + windows.before[1] + behind[1]};
    std::vector<Setting> pad{{"before", extent_text(windows.before)},
                             {"after", extent_text(behind)},
                             {"mode", "replicate"}};
    input = network.add({.component = "pad",
                         .settings = std::move(pad),
                         .inputs = {input},
                         .output = padded,
                         .name = name});
    settings = {{"kernel", extent_text(windows.kernel)}, {"stride", extent_text(windows.stride)}};
  }
  return network.add({.component = "max_pool",
                      .settings = std::move(*settings),
                      .inputs = {input},
                      .output = output,
                      .name = name});
}

}  // namespace smoothbound::models
