/** A made-up capture, a few lines to each file, of a machine with one disk. */
import type { CaptureFolder } from '../../src/analysis/capture/capture.ts';

const options = 'intel_iommu=on crashkernel=256M';

export const commandLineText = `qemu:
qemu-system-x86_64 -machine q35 -m 1G -device intel-iommu,intremap=on,caching-mode=off -device nvme,drive=d,addr=3 -append '${options}'

first kernel:
${options}

capture kernel (kexec -p --append):
intel_iommu=on nr_cpus=1 reset_devices
`;

export const consoleText = `1.000000 HARNESS start
1.100000 [    0.000000] Linux version 6.1.192 (rig@rig) #3 SMP
1.200000 [    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
1.200000 [    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
1.200000 [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000003ffd6fff] usable
1.300000 [    0.000000] Reserving 256MB of memory at 752MB for crashkernel (System RAM: 1023MB)
1.400000 [    0.000000] DMAR: IOMMU enabled
2.000000 [    9.000000] sysrq: Trigger a crash
3.000000 [    0.000000] Linux version 6.1.192 (rig@rig) #3 SMP
3.100000 [    0.000000] DMAR: IOMU enabled
3.200000 [    0.300000] nvme nvme0: pci function 0000:00:03.0
4.000000 RIGDMESG [    0.000000] DMAR: IOMMU enabled
`;

export const operationsText = [
  '[-1.5,"w",24,4,67108864]', '[0.9,"r",8,8]', '[1.0,"m","--- kernel 2: Linux version"]',
  '[1.1,"w",24,4,2181038080]', '[1.2,"w",136,4,0]', '[1.3,"w",144,8,788852736]', '[1.4,"w",24,4,2248146944]',
  '[1.5,"w",136,4,32]', '[1.5,"d","0x4","0x0"]', '[1.5,"d","0x200000025","0x2f05042c"]',
  '[1.6,"c","00:03.0","0x532001","0x301"]', '[1.7,"x","00:03.0","0xffff5000","0x9000003",3,"hit"]',
  '[1.8,"?","of a later recorder"]', '[2.0,"m","RIG[kdump] nvme first read done"]', '[2.1,"w",24,4,0]',
].join('\n');

export const imageText = JSON.stringify({
  name: 'kdump-start',
  regs: { CAP: '0xd2008c22260206', ECAP: '0xf00f4a', GSTS: '0xc7000000', RTADDR: '0x525000', IQA: '0x14f000', IRTA: '0x20000f' },
  pages: { '0x525000': { kind: ['root'], hex: '' } },
});

export const smallFiles: Readonly<Record<string, string>> = {
  'cmdline.txt': commandLineText, 'serial.log': consoleText, 'ops.jsonl': operationsText, 'snap-2-kdump-start.json': imageText,
};

/** The folder with some files replaced; null: it is not there. */
export function smallFolder(changes: Readonly<Record<string, string | null>> = {}): CaptureFolder {
  const files = new Map(Object.entries({ ...smallFiles, ...changes }).flatMap(([name, text]) =>
    (text === null ? [] : [[name, text] as const])));
  return {
    names: [...files.keys()],
    read: (name) => {
      const text = files.get(name);
      return text === undefined ? 'there is no such file' : { text };
    },
  };
}
