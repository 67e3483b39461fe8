#include "remedies.hpp"

namespace smoothbound::cli {

std::string_view option_words(Remedy remedy) {
  switch (remedy) {
    case Remedy::none:
      break;
    case Remedy::softplus_for_relu:
      return "--smooth puts softplus in its place";
    case Remedy::smooth_form:
      return "--smooth puts the smooth one in its place";
    case Remedy::average_for_max_pool:
      return "--smooth puts average_pool in its place";
    case Remedy::average_for_global_max_pool:
      return "--smooth puts global_average_pool in its place";
    case Remedy::larger_files:
      return "--max-size raises it, e.g. --max-size 256MiB";
    case Remedy::more_layers:
      return "--max-size raises the limits, e.g. --max-size 256MiB for four times both";
    case Remedy::longer_numbers:
      return "--precision float64 reaches further";
    case Remedy::float64:
      return "--precision float64";
    case Remedy::new_run:
      return "--weights begins a new run with them";
    case Remedy::line_search:
      return "--step line-search needs none";
    case Remedy::constant_or_search:
      return "--gamma takes a number or line-search";
    case Remedy::gauss_newton:
      return "--oracle gauss-newton takes any network";
    case Remedy::all_samples:
      return "leave --batch out";
    case Remedy::all_samples_or_global_step:
      return "leave --batch out, or take --step certified";
    case Remedy::reachable_parameters:
      return "give layers on the way to the output parameters and a radius above 0";
    case Remedy::list_of_layers:
      return "an architecture file lists the layers as YAML or JSON; init writes its parameters, "
             "--weights of run and train reads them";
    case Remedy::unpacked_file:
      return "unpack it; an architecture file is UTF-8 text";
    case Remedy::add_to_baseline:
      return "--update adds it";
    case Remedy::remove_from_baseline:
      return "--update removes it";
  }
  return "";
}

}  // namespace smoothbound::cli
