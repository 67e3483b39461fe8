#include "origin.hpp"

#include <fmt/format.h>

#include "shared/text.hpp"

namespace smoothbound {

void write_origin(Page& page, const SampleOrigin& data, const ParameterSource& parameters,
                  std::int64_t samples) {
  std::string line = "data: " + page.foreign(data.name);
  if (data.split) line += fmt::format(" ({})", *data.split);
  if (data.seed) line += fmt::format(", normal, seed {}", *data.seed);
  line += fmt::format(", {} sample{} {}", text::count(samples), samples == 1 ? "" : "s",
                      text::shape(data.stored));
  if (data.stored != data.used) {
    line += data.stored.elements() == data.used.elements()
                ? " as " + text::shape(data.used)
                : " with a border of zeros, " + text::shape(data.used);
  }
  page.paragraph(line);
  for (std::size_t c = 0; c < data.preparation.mean.size(); ++c) {
    page.item(fmt::format("channel {}: less its mean {:.6g}, over its deviation {:.6g}", c,
                          data.preparation.mean[c], data.preparation.deviation[c]));
  }
  if (data.norm) {
    page.item(fmt::format("scaled by {:.6g} to the norm {}", data.preparation.factor, *data.norm));
  }
  page.paragraph(parameters.file.empty() ? fmt::format("parameters: {}, seed {}",
                                                       name_of(parameters.scheme), parameters.seed)
                                         : "parameters: " + page.foreign(parameters.file));
}

namespace json {

Json data(const SampleOrigin& data) {
  Json object{{"name", data.name}};
  if (data.split) object["split"] = *data.split;
  if (data.seed) object["seed"] = *data.seed;
  object["stored_shape"] = data.stored.sizes();
  object["shape"] = data.used.sizes();
  if (!data.preparation.mean.empty()) {
    object["mean"] = data.preparation.mean;
    object["deviation"] = data.preparation.deviation;
  }
  if (data.norm) {
    object["norm"] = *data.norm;
    object["factor"] = data.preparation.factor;
  }
  return object;
}

Json parameters(const ParameterSource& parameters) {
  if (!parameters.file.empty()) return {{"file", parameters.file}};
  return {{"scheme", name_of(parameters.scheme)}, {"seed", parameters.seed}};
}

}  // namespace json
}  // namespace smoothbound
