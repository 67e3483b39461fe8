#include "smoothbound/rules/remedy.hpp"

namespace smoothbound {

std::string_view plain_words(Remedy remedy) {
  switch (remedy) {
    case Remedy::none:
      break;
    case Remedy::softplus_for_relu:
      return "smoothing puts softplus in its place";
    case Remedy::smooth_form:
      return "smoothing puts the smooth one in its place";
    case Remedy::average_for_max_pool:
      return "smoothing puts average_pool in its place";
    case Remedy::average_for_global_max_pool:
      return "smoothing puts global_average_pool in its place";
    case Remedy::larger_files:
      return "the limit can be raised";
    case Remedy::more_layers:
      return "the limit grows with that of the file's size";
    case Remedy::longer_numbers:
      return "float64 reaches further";
    case Remedy::float64:
      return "compute in float64";
    case Remedy::new_run:
      return "begin a new run with them";
    case Remedy::line_search:
      return "a line search needs none";
    case Remedy::constant_or_search:
      return "take a constant step or a line search";
    case Remedy::gauss_newton:
      return "Gauss-Newton steps exist for any network";
    case Remedy::all_samples:
      return "take all samples in each step";
    case Remedy::all_samples_or_global_step:
      return "take all samples in each step, or the step certified on the balls";
    case Remedy::reachable_parameters:
      return "give layers on the way to the output parameters and a radius above 0";
    case Remedy::list_of_layers:
      return "an architecture file lists the layers as YAML or JSON; parameters are files of "
             "arrays";
    case Remedy::unpacked_file:
      return "unpack it; an architecture file is UTF-8 text";
    case Remedy::add_to_baseline:
      return "a new baseline has it";
    case Remedy::remove_from_baseline:
      return "a new baseline does without it";
  }
  return "";
}

std::string with_remedy(std::string_view text, Remedy remedy, RemedyWords words) {
  std::string result(text);
  if (remedy != Remedy::none) result.append("; ").append(words(remedy));
  return result;
}

}  // namespace smoothbound
