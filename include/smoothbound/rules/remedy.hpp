// What can be done about an obstacle. A library knows what, and the program that talks to a user
// how that is asked for: it words remedies as it calls them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace smoothbound {

enum class Remedy : std::uint8_t {
  none,
  softplus_for_relu,     // these by ReportOptions::smooth_beta
  smooth_form,           //
  average_for_max_pool,  //
  average_for_global_max_pool,
  larger_files,        // Limits::bytes
  more_layers,         // likewise: the other limit grows with it
  longer_numbers,      // Precision::float64, for more range
  float64,             // the same, as the only one that does
  new_run,             // TrainingRequest::parameters, not `resume`
  line_search,         // StepRule::line_search
  constant_or_search,  // StepRule::constant or line_search
  gauss_newton,        // StepKind::gauss_newton
  all_samples,         // no TrainingOptions::mini_batch
  all_samples_or_global_step,
  reachable_parameters,
  list_of_layers,  // a file of layers, and parameters apart
  unpacked_file,
  add_to_baseline,
  remove_from_baseline,
};

/// The words for a remedy, without a stop; "" for `none`.
using RemedyWords = std::string_view (*)(Remedy);

/// Words that do not name anything a program has.
std::string_view plain_words(Remedy remedy);

/// `text`, and the remedy if there is one: "relu has a kink at 0; smoothing puts ...".
std::string with_remedy(std::string_view text, Remedy remedy, RemedyWords words);

}  // namespace smoothbound
