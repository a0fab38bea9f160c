//! What the system says of memory: the limit of our control group where there is one, of version
//! 2 or 1, else what the machine has.

use std::fs;
use std::path::{Path, PathBuf};

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) used: u64,
    pub(super) limit: u64,
}

/// The files of one version of control groups.
struct Version {
    /// Where the groups are, below the root.
    base: &'static str,
    limit: &'static str,
    used: &'static str,
    /// The files that are cached, which the system takes back before it ends anybody.
    cached: [&'static str; 2],
}

const V2: Version = Version {
    base: "sys/fs/cgroup",
    limit: "memory.max",
    used: "memory.current",
    cached: ["inactive_file", "active_file"],
};
const V1: Version = Version {
    base: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: ["total_inactive_file", "total_active_file"],
};

/// `None` where nothing can be read. `root` is `/`, unless a test says otherwise.
pub(super) fn usage(root: &Path) -> Option<Usage> {
    let machine = kilobytes(&root.join("proc/meminfo"), "MemTotal:");
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let group = groups.lines().filter_map(|line| of_group(root, line)).max_by(tighter);
    // A group without a limit says a number that no machine has.
    if let Some(usage) = group.filter(|usage| machine.is_none_or(|most| usage.limit < most)) {
        return Some(usage);
    }
    let own = kilobytes(&root.join("proc/self/status"), "VmRSS:");
    Some(Usage { used: own?, limit: machine? })
}

fn tighter(one: &Usage, other: &Usage) -> std::cmp::Ordering {
    let left = u128::from(one.used) * u128::from(other.limit);
    left.cmp(&(u128::from(other.used) * u128::from(one.limit)))
}

/// A line of `/proc/self/cgroup`: `0::/a/b` for version 2, `9:memory,…:/a/b` for version 1. Each
/// group above may have a limit as well; the tightest counts.
fn of_group(root: &Path, line: &str) -> Option<Usage> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let version = match (number, controllers) {
        ("0", "") => V2,
        _ if controllers.split(',').any(|name| name == "memory") => V1,
        _ => return None,
    };
    let base = root.join(version.base);
    // Inside a container the path may be one of outside: then the base is our own group.
    let inside = !path.split('/').any(|part| part == "..");
    let own: PathBuf = if inside { base.join(path.trim_matches('/')) } else { base.clone() };
    let above = own.ancestors().take_while(|directory| directory.starts_with(&base));
    above.filter_map(|directory| version.read(directory)).max_by(tighter)
}

impl Version {
    fn read(&self, directory: &Path) -> Option<Usage> {
        let number =
            |name: &str| fs::read_to_string(directory.join(name)).ok()?.trim().parse::<u64>().ok();
        let limit = number(self.limit).filter(|limit| *limit > 0)?;
        let used = number(self.used)?;
        let stat = fs::read_to_string(directory.join("memory.stat")).unwrap_or_default();
        let cached: u64 = self.cached.iter().filter_map(|name| of_stat(&stat, name)).sum();
        Some(Usage { used: used.saturating_sub(cached), limit })
    }
}

fn of_stat(stat: &str, name: &str) -> Option<u64> {
    let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(found, _)| *found == name)?.1.trim().parse().ok()
}

/// The number behind a name in a file of `/proc`, as bytes.
fn kilobytes(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let number = text.lines().find_map(|line| line.strip_prefix(name))?;
    number.trim().trim_end_matches("kB").trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{Usage, usage};

    /// A machine of 1000 kB of which this process has 300.
    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new().unwrap();
        let all = [
            ("proc/meminfo", "MemTotal:        1000 kB\nMemFree:          10 kB\n"),
            ("proc/self/status", "Name:\tavenping\nVmHWM:\t  400 kB\nVmRSS:\t  300 kB\n"),
        ];
        for (name, text) in all.iter().chain(files) {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        root
    }

    const OF_PROCESS: Usage = Usage { used: 300 * 1024, limit: 1000 * 1024 };

    #[test]
    fn without_a_group_it_is_this_process_and_the_machine() {
        assert_eq!(usage(machine(&[]).path()), Some(OF_PROCESS));
        let unlimited = machine(&[
            ("proc/self/cgroup", "0::/app\n"),
            ("sys/fs/cgroup/app/memory.max", "max\n"),
            ("sys/fs/cgroup/app/memory.current", "900000\n"),
        ]);
        assert_eq!(usage(unlimited.path()), Some(OF_PROCESS));
        assert_eq!(usage(TempDir::new().unwrap().path()), None);
    }

    #[test]
    fn a_group_of_version_2_counts_without_the_files_it_caches() {
        let root = machine(&[
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "500000\n"),
            ("sys/fs/cgroup/memory.current", "450000\n"),
            (
                "sys/fs/cgroup/memory.stat",
                "anon 100\nfile 90000\ninactive_file 50000\nactive_file 7000\n",
            ),
        ]);
        assert_eq!(usage(root.path()), Some(Usage { used: 393_000, limit: 500_000 }));
    }

    #[test]
    fn the_tightest_limit_above_us_counts() {
        let root = machine(&[
            ("proc/self/cgroup", "0::/pod/app\n"),
            ("sys/fs/cgroup/pod/memory.max", "400000\n"),
            ("sys/fs/cgroup/pod/memory.current", "360000\n"),
            ("sys/fs/cgroup/pod/app/memory.max", "300000\n"),
            ("sys/fs/cgroup/pod/app/memory.current", "100000\n"),
        ]);
        assert_eq!(usage(root.path()), Some(Usage { used: 360_000, limit: 400_000 }));
    }

    #[test]
    fn a_group_of_version_1_counts_as_well() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n";
        let root = machine(&[
            ("proc/self/cgroup", groups),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "500000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "450000\n"),
            ("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 50000\n"),
        ]);
        assert_eq!(usage(root.path()), Some(Usage { used: 400_000, limit: 500_000 }));
        let unlimited = root.path().join("sys/fs/cgroup/memory/memory.limit_in_bytes");
        fs::write(unlimited, "9223372036854771712\n").unwrap();
        assert_eq!(usage(root.path()), Some(OF_PROCESS));
    }

    #[test]
    fn a_path_of_outside_the_container_is_its_own_group() {
        let root = machine(&[
            ("proc/self/cgroup", "0::/../../other\n"),
            ("sys/fs/cgroup/memory.max", "500000\n"),
            ("sys/fs/cgroup/memory.current", "450000\n"),
        ]);
        assert_eq!(usage(root.path()), Some(Usage { used: 450_000, limit: 500_000 }));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_can_be_read() {
        let usage = usage(std::path::Path::new("/")).unwrap();
        assert!(usage.used > 0 && usage.used < usage.limit, "{usage:?}");
    }
}
