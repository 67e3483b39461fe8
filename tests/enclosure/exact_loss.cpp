#include <stdexcept>

#include "enclosure/exact_windows.hpp"

namespace smoothbound::test {
using namespace exact;

Number exact_loss(const ExactLoss& loss, const Numbers& predictions, std::span<const double> w) {
  const Index outputs = static_cast<Index>(predictions.size()) / loss.samples;
  Number sum;
  Index terms = loss.samples;
  if (loss.name == "logistic") {
    terms *= loss.positions;
    const Index classes = outputs / loss.positions;
    for (Index term = 0; term < terms; ++term) {
      const Index first = term / loss.positions * outputs + term % loss.positions;
      const auto z = [&](Index j) -> const Number& {
        return predictions[at(first + j * loss.positions)];
      };
      const Number& of_label = z(loss.labels->classes[at(term)]);
      Number top = z(0);
      Number mean;
      for (Index j = 0; j < classes; ++j) {
        top = largest(top, z(j));
        mean = mean + z(j) / of(classes);
      }
      Number all;
      for (Index j = 0; j < classes; ++j) all = all + exponential(z(j) - top);
      arb_log(all.raw(), all.raw(), Number::precision);
      const Number e = loss.label_smoothing;
      sum = sum + all + top - (Number(1) - e) * of_label - e * mean;
    }
  } else if (loss.name == "square") {
    for (Index i = 0; i < static_cast<Index>(predictions.size()); ++i) {
      const bool has_targets = !loss.labels->targets.empty();
      const double target =
          has_targets ? loss.labels->targets[at(i)]
                      : (loss.labels->classes[at(i / outputs)] == i % outputs ? 1.0 : 0.0);
      const Number v = predictions[at(i)] - target;
      sum = sum + v * v / Number(2);
    }
  } else {
    throw std::logic_error("not stated: " + loss.name);
  }
  Number square;
  for (const double each : w) square.add_product(each, each);
  return sum / of(terms) + Number(loss.regularizer) / Number(2) * square;
}

}  // namespace smoothbound::test
