# An account that is not root works in namespaces of its own, in which it is root: of users (those that /etc/subuid and /etc/subgid give it), of
# mounts, of processes and of the network. Their first process keeps them until `reconcile down`, or until the machine ends; what runs in them ends with it,
# and so does slirp4netns, which is their way out.
# Sent before the other operations, in one program, with the variables below set; who is root already goes on at once. Who is not says so and becomes a
# program within, which is sent once more, for Perl has read the first one whole.
package Account;
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock);
use POSIX ();

# The root's path and its id; what is said before the program is to be sent again.
our ($ROOT, $ID, $AGAIN);

# The first process: without users until they are mapped, and root from the next exec on.
my $USERS = 'echo here; read _ && exec unshare --mount --net --pid --fork --kill-child --propagation slave sh -s -- "$@"';

# What the account has on the disk stands at the root's path, in a copy of the folder above it: whoever makes or removes that path elsewhere changes nothing
# here. Of /run there is only what names are looked up by.
my $MOUNTS = <<'END';
set -e
root=$1 folder=$2 home=$3 account=$4
mkdir -p "$folder/disk" "$folder/run"
over() {
  mount --rbind "$1" "$2"
  mount -t tmpfs -o mode=755 tmpfs "$1"
}
back() {
  if [ -L "$1/$3" ]; then cp -P "$1/$3" "$2/$3"
  elif [ -d "$1/$3" ]; then mkdir -p "$2/$3" && mount --rbind "$1/$3" "$2/$3"
  elif [ -e "$1/$3" ]; then : >"$2/$3" && mount --bind "$1/$3" "$2/$3"
  fi 2>/dev/null || :
}
over /run "$folder/run"
for name in systemd resolvconf NetworkManager; do back "$folder/run" /run "$name"; done
umount -l "$folder/run"
above=${root%/*}
while [ -n "$above" ] && [ ! -d "$above" ]; do above=${above%/*}; done
[ -n "$above" ] || { echo "there is no folder above $root but /, which cannot be covered: name another --root"; exit 1; }
mkdir /run/above
over "$above" /run/above
for path in /run/above/* /run/above/.[!.]*; do back /run/above "$above" "${path##*/}"; done
umount -l /run/above
rmdir /run/above
mkdir -p "$root"
mount --bind "$folder/disk" "$root"
mount --bind "$home" /root
# Where the DNS server may write, and what podman looks into: the machine's own root has it.
[ ! -d /var/cache/bind ] || mount -t tmpfs -o mode=775,gid=bind tmpfs /var/cache/bind
for path in /var/lib/containers /var/cache/containers; do
  [ ! -d "$path" ] || mount -t tmpfs -o mode=755 tmpfs "$path"
done
# Of its own network, which /sys/class/net tells of. It has no part in any group: without a hierarchy nobody tries to make one.
mount -t sysfs sysfs /sys
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
ip link set lo up
printf '{"account":"%s","folder":"%s"}\n' "$account" "$folder" >/run/reconcile.account
END

# The first process: takes up whatever loses its parent. All within ends with it.
my $KEEPER = <<'END';
exec perl - "$root" "$folder/alive" <<'PERL'
my ($root, $alive) = @ARGV;
$0 = "reconcile keeps the namespaces of $root";
open my $open, '+<', $alive or die "$alive: $!\n";
$SIG{TERM} = sub { exit 0 };
$SIG{CHLD} = sub { 1 while waitpid(-1, 1) > 0 };
syswrite STDOUT, "made\n";
open STDIN, '<', '/dev/null';
open STDOUT, '>', '/dev/null';
open STDERR, '>&', \*STDOUT;
sleep 3600 while 1;
PERL
END

sub fail {
    syswrite STDERR, "$_[0]\n";
    exit 1;
}

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# Tells a process from a later one of its number.
sub begun {
    my ($pid) = @_;
    return (split / /, text_of("/proc/$pid/stat") =~ s/^.*\) //sr)[19] // '';
}

# Of the one that was written down, if it runs still.
sub standing {
    my ($file) = @_;
    my ($pid, $at) = split ' ', text_of($file);
    return defined $at && begun($pid) eq $at ? $pid : undef;
}

sub write_down {
    my ($file, $pid) = @_;
    open my $to, '>', $file or fail("writing $file: $!");
    print $to $pid, ' ', begun($pid), "\n";
    close $to;
}

my @FOLDERS = qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin);

sub has { return grep { -x "$_/$_[0]" } @FOLDERS }

# The first range: `NAME-OR-NUMBER:FIRST:COUNT`.
sub range_in {
    my ($file, $name) = @_;
    my ($range) = grep { $_->[0] eq $name || $_->[0] eq $> } map { [split /:/] } split /\n/, text_of($file);
    return $range;
}

# The needs of all of them are told at once, with the commands that meet them.
sub ranges_of {
    my ($name) = @_;
    my %packages = (newuidmap => 'uidmap', slirp4netns => 'slirp4netns', crun => 'crun');
    my @missing = grep { !has($_) } sort keys %packages;
    my @ranges = map { range_in($_, $name) } qw(/etc/subuid /etc/subgid);
    my $tun = '/dev/net/tun';
    my $why = open(my $device, '+<', $tun) ? undef : "$!";
    my @lacks = (
        @missing ? "@missing missing; on Debian: apt-get install @packages{@missing}" : (),
        (grep { defined && $_->[2] >= 65535 } @ranges) == 2 ? ()
            : "no 65536 users and groups in /etc/subuid and /etc/subgid: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $name, with numbers that nobody has",
        defined $why ? "no use of $tun ($why): chmod 666 $tun" : (),
    );
    fail("the account $name is not root, and cannot have containers of its own yet: " . join('; ', @lacks)) if @lacks;
    return @ranges;
}

sub map_users {
    my ($pid, $users, $groups) = @_;
    my $own = (split ' ', $()[0];
    for (['newuidmap', $>, $users], ['newgidmap', $own, $groups]) {
        my ($program, $id, $range) = @$_;
        my $said = qx{$program $pid 0 $id 1 1 $range->[1] $range->[2] 2>&1};
        fail("$program gives the account no users of its own: $said") if $?;
    }
}

sub make_keeper {
    my ($folder, $name, $home) = @_;
    my ($users, $groups) = ranges_of($name);
    unlink "$folder/alive";
    POSIX::mkfifo("$folder/alive", 0600) or fail("making $folder/alive: $!");
    pipe my $gate, my $way_in;
    pipe my $told, my $telling;
    defined(my $pid = fork) or fail("starting a process: $!");
    if ($pid == 0) {
        POSIX::setsid();
        POSIX::dup2(fileno $gate, 0);
        POSIX::dup2(fileno $telling, $_) for 1, 2;
        exec('unshare', '--user', 'sh', '-c', $USERS, 'users', $ROOT, $folder, $home, $name) or POSIX::_exit(127);
    }
    close $_ for $gate, $telling;
    my $first = <$told> // '';
    fail("the account $name gets no namespace of users: $first; see sysctl user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns") if $first ne "here\n";
    map_users($pid, $users, $groups);
    print $way_in "\n$MOUNTS$KEEPER";
    close $way_in;
    my $said = '';
    while (<$told>) { $said .= $_; last if $_ eq "made\n" }
    fail("making namespaces for the account $name: $said; see sysctl kernel.apparmor_restrict_unprivileged_userns") if $said !~ /^made$/m;
    my ($keeper) = split ' ', text_of("/proc/$pid/task/$pid/children");
    fail("the first process of the account's namespaces is not to be found: /proc/$pid/task/$pid/children") if !defined $keeper;
    write_down("$folder/keeper", $keeper);
    return $keeper;
}

# Nothing of the machine's own loopback is reached by it.
sub make_network {
    my ($folder, $keeper) = @_;
    unlink "$folder/ports";
    pipe my $ready, my $telling;
    defined(my $pid = fork) or fail("starting a process: $!");
    if ($pid == 0) {
        POSIX::setsid();
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$folder/slirp4netns.log";
        open STDERR, '>&', \*STDOUT;
        POSIX::dup2(fileno $telling, 8);
        sysopen my $alive, "$folder/alive", O_RDONLY | O_NONBLOCK or die "$folder/alive: $!";
        POSIX::dup2(fileno $alive, 9);
        my @lasting = ('--ready-fd=8', '--exit-fd=9');
        my @options = ('--configure', '--mtu=65520', '--disable-host-loopback', "--api-socket=$folder/ports", @lasting);
        exec('slirp4netns', @options, $keeper, 'tap0') or POSIX::_exit(127);
    }
    close $telling;
    sysread $ready, my $byte, 1;
    fail('slirp4netns gives the account no network: ' . text_of("$folder/slirp4netns.log")) if ($byte // '') ne '1';
    write_down("$folder/network", $pid);
    write_down("$folder/network-of", $keeper);
}

sub enter {
    return if $> == 0;
    # An account's own may lack what is for administrators.
    local $ENV{PATH} = join ':', @FOLDERS;
    # Not ignored: what is begun would inherit that.
    local $SIG{PIPE} = sub { };
    my ($name, $home) = (getpwuid $>)[0, 7];
    my $data = ($ENV{XDG_DATA_HOME} // '') =~ m{^/} ? $ENV{XDG_DATA_HOME} : "$home/.local/share";
    my $folder = "$data/reconcile/$ID";
    # Who cannot have any is left as it is.
    ranges_of($name) if !defined standing("$folder/keeper");
    my $path = '';
    for (split m{/}, $folder =~ s{^/}{}r) { mkdir $path .= "/$_", 0700 }
    # Two connections come at the same time.
    open my $lock, '>>', "$folder/lock" or fail("writing to $folder: $!");
    flock $lock, LOCK_EX;
    my $keeper = standing("$folder/keeper") // make_keeper($folder, $name, $home);
    my ($joined) = split ' ', text_of("$folder/network-of");
    make_network($folder, $keeper) if !defined standing("$folder/network") || $joined != $keeper;
    close $lock;
    syswrite STDOUT, $AGAIN;
    exec 'nsenter', '--target', $keeper, '--user', '--mount', '--net', '--pid', 'perl', '-';
}
