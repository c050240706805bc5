// Small, fast pseudo-random numbers for balancing; not for secrets.
#ifndef LB_DATAPLANE_PROXY_RANDOM_H_
#define LB_DATAPLANE_PROXY_RANDOM_H_

#include <cstdint>

namespace lb::proxy {

// splitmix64: advances `state` and returns the next number. Any seed will do.
inline uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_RANDOM_H_
