#include "graphs.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "measure.hpp"
#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/runtime/trajectory.hpp"

namespace {

using smoothbound::Source;

class NetworkText {
 public:
  template <class... Arguments>
  void layer(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    text_ += count_++ == 0 ? "{" : ",\n{";
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += "}";
  }
  // "l0", "l1", ... below `end`, by `step`
  static std::string names(std::int64_t end, std::int64_t step = 1) {
    std::string text;
    for (std::int64_t i = 0; i < end; i += step) {
      text += fmt::format("{}\"l{}\"", i == 0 ? "" : ",", i);
    }
    return text;
  }
  [[nodiscard]] Source source() const {
    return {"network.json", "{\"input\": {\"shape\": [2]}, \"layers\": [" + text_ + "]}\n"};
  }

 private:
  std::string text_;
  std::int64_t count_ = 0;
};

void add_branch(NetworkText& text, std::int64_t number) {
  text.layer(R"("name": "l{}", "dense": 2, "from": "input")", number);
}

// Branches, and behind each the sum of all that is there.
Source dense_skips(std::int64_t layers) {
  NetworkText text;
  for (std::int64_t i = 0; i < layers; ++i) {
    if (i % 2 == 0 || i < 2) {
      add_branch(text, i);
    } else {
      text.layer(R"("name": "l{}", "add": [{}])", i, NetworkText::names(i));
    }
  }
  return text.source();
}

Source sums_of_the_same(std::int64_t sums) {
  constexpr std::int64_t branches = 4000;
  NetworkText text;
  for (std::int64_t i = 0; i < branches; ++i) add_branch(text, i);
  for (std::int64_t i = 0; i < sums; ++i) {
    text.layer(R"("name": "s{}", "add": [{}])", i, NetworkText::names(branches));
  }
  return text.source();
}

Source one_concat(std::int64_t inputs) {
  NetworkText text;
  for (std::int64_t i = 0; i < inputs; ++i) add_branch(text, i);
  text.layer(R"("name": "all", "concat": [{}])", NetworkText::names(inputs));
  return text.source();
}

Source chain(std::int64_t layers) {
  NetworkText text;
  for (std::int64_t i = 0; i < layers; ++i) text.layer(R"("dense": 2, "then": ["tanh"])");
  return text.source();
}

void bound(const Source& source) {
  const smoothbound::Report report = smoothbound::make_report(source, {}, {});
  smoothbound::write(report, smoothbound::Format::csv, [](std::string_view /*piece*/) {});
}

// What `run` and `train` prepare before the first pass.
void prepare(const Source& source) {
  const smoothbound::Report report = smoothbound::make_report(source, {}, {});
  const smoothbound::Network<float> network(report.graph, 1);
  const smoothbound::Trajectory<float> trajectory(network);
}

struct Form {
  std::string_view name;
  Source (*make)(std::int64_t);
  void (*act)(const Source&);
  std::int64_t size;
  std::int64_t larger;  // for a file of twice the length
};

constexpr Form forms[]{
    {"bound: dense skips", dense_skips, bound, 1400, 2000},
    {"bound: sums of 4,000 branches", sums_of_the_same, bound, 20, 40},
    {"bound: one concat", one_concat, bound, 50'000, 100'000},
    {"run, train: chain", chain, prepare, 15'000, 30'000},
};

}  // namespace

std::vector<GraphRow> measure_graphs(bool quick) {
  std::vector<GraphRow> rows;
  for (const Form& form : forms) {
    for (const std::int64_t full : {form.size, form.larger}) {
      const std::int64_t size = quick ? std::max<std::int64_t>(full / 100, 2) : full;
      rows.push_back({form.name, size, in_child<GraphCost>([&] {
                        const Source source = form.make(size);
                        GraphCost cost{static_cast<double>(source.text.size()), 1e9, 0};
                        double nanoseconds = 1e18;
                        cost.bytes = peak_bytes(
                            [&] { lower_to_time_of(nanoseconds, [&] { form.act(source); }); });
                        cost.seconds = nanoseconds / 1e9;
                        return cost;
                      })});
    }
  }
  return rows;
}
