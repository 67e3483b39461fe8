#include "origin.hpp"

#include <fmt/format.h>

#include "shared/words.hpp"

namespace smoothbound {

namespace {

// Silent on real numbers, which nobody expects to be changed.
void write_numbers(Page& page, std::string_view what,
                   const std::optional<SampleOrigin::Numbers>& numbers) {
  if (!numbers || !is_integral(numbers->type)) return;
  page.item(numbers->divisor == 1
                ? fmt::format("{}: {} numbers as they are", what, name_of(numbers->type))
                : fmt::format("{}: {} numbers, divided by {}", what, name_of(numbers->type),
                              numbers->divisor));
}

void put_numbers(JsonWriter& json, std::string_view key,
                 const std::optional<SampleOrigin::Numbers>& numbers) {
  if (!numbers) return;
  json.object(key, [&] {
    json.member("type", name_of(numbers->type));
    json.member("divisor", numbers->divisor);
  });
}

}  // namespace

void write_samples(Page& page, const SampleOrigin& data, std::int64_t samples) {
  std::string line = "data: " + page.foreign(data.name);
  if (data.split) line += fmt::format(" ({})", *data.split);
  if (data.seed) line += fmt::format(", {}, seed {}", data.ids ? "uniform" : "normal", *data.seed);
  line += fmt::format(", {} sample{} {}", words::count(samples), samples == 1 ? "" : "s",
                      words::shape(data.stored));
  if (data.stored != data.used) {
    line += data.stored.elements() == data.used.elements()
                ? " as " + words::shape(data.used)
                : " with a border of zeros, " + words::shape(data.used);
  }
  page.paragraph(line);
  if (data.ids) {
    page.item(fmt::format("samples: ids from 0 to {}, as they are", *data.ids - 1));
  } else {
    write_numbers(page, "samples", data.numbers);
  }
  write_numbers(page, "targets", data.targets);
  for (std::size_t c = 0; c < data.preparation.mean.size(); ++c) {
    page.item(fmt::format("channel {}: less its mean {:.6g}, over its deviation {:.6g}", c,
                          data.preparation.mean[c], data.preparation.deviation[c]));
  }
  if (data.norm) {
    page.item(fmt::format("scaled by {:.6g} to the norm {}", data.preparation.factor, *data.norm));
  }
}

void write_origin(Page& page, const SampleOrigin& data, const ParameterSource& parameters,
                  std::int64_t samples) {
  write_samples(page, data, samples);
  page.paragraph(parameters.file.empty() ? fmt::format("parameters: {}, seed {}",
                                                       name_of(parameters.scheme), parameters.seed)
                                         : "parameters: " + page.foreign(parameters.file));
}

void put_samples(JsonWriter& json, const SampleOrigin& data) {
  json.object("data", [&] {
    json.member("name", data.name);
    if (data.split) json.member("split", *data.split);
    if (data.seed) json.member("seed", *data.seed);
    json.member("stored_shape", data.stored.sizes());
    json.member("shape", data.used.sizes());
    put_numbers(json, "numbers", data.numbers);
    put_numbers(json, "targets", data.targets);
    if (data.ids) json.member("ids", *data.ids);
    if (!data.preparation.mean.empty()) {
      json.member("mean", data.preparation.mean);
      json.member("deviation", data.preparation.deviation);
    }
    if (data.norm) {
      json.member("norm", *data.norm);
      json.member("factor", data.preparation.factor);
    }
  });
}

void put_origin(JsonWriter& json, const SampleOrigin& data, const ParameterSource& parameters,
                const std::string& statistics) {
  put_samples(json, data);
  json.object("parameters", [&] {
    if (parameters.file.empty()) {
      json.member("scheme", name_of(parameters.scheme));
      json.member("seed", parameters.seed);
    } else {
      json.member("file", parameters.file);
    }
    if (!statistics.empty()) json.member("statistics", statistics);
  });
}

}  // namespace smoothbound
