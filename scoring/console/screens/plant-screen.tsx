import { AlertList } from '../components/alert-list.tsx';
import { AnomalyList } from '../components/anomaly-list.tsx';
import { DetailPanel } from '../components/detail-panel.tsx';
import { EquipmentTree } from '../components/equipment-tree.tsx';
import { KeyFigures } from '../components/key-figures.tsx';
import { TargetPanel } from '../components/target-panel.tsx';

/** The plant now: tree with live figures, the selected object, the target, and what needs a look. */
export function PlantScreen() {
  return (
    <>
      <KeyFigures />
      <div class="main-grid">
        <EquipmentTree />
        <DetailPanel />
      </div>
      <TargetPanel />
      <div class="list-grid">
        <AnomalyList />
        <AlertList />
      </div>
    </>
  );
}
